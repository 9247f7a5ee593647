/*
 * address.c - see address.h.
 */
#include <string.h>

#include "web/address.h"
#include "web/request.h"

#define BLANKS	" \t"

/* The last element of a list of which n bytes are left; false if none is. */
static bool
last_element(const char *list, size_t *n, const char **element, size_t *sz)
{
	size_t	 end = *n, start;

	if (end == 0)
		return false;
	for (start = end; start > 0 && list[start - 1] != ','; start--)
		;
	*n = start == 0 ? 0 : start - 1;
	while (start < end && strchr(BLANKS, list[start]) != NULL)
		start++;
	while (end > start && strchr(BLANKS, list[end - 1]) != NULL)
		end--;
	*element = list + start;
	*sz = end - start;
	return true;
}

void
tt_request_address(const struct tt_request *req, const struct tt_cidrs *trusted,
    unsigned char address[TT_ADDRESS_SZ])
{
	const char	*remote = tt_request_env(req, "REMOTE_ADDR");
	const char	*list, *element;
	size_t		 n, sz;

	(void)memset(address, 0, TT_ADDRESS_SZ);
	if (remote != NULL)
		(void)tt_address_read(remote, strlen(remote), address);
	if ((list = tt_request_env(req, "HTTP_X_FORWARDED_FOR")) == NULL)
		return;

	/* Each proxy adds on the right whom it spoke with. */
	n = strlen(list);
	while (tt_cidrs_have(trusted, address) &&
	    last_element(list, &n, &element, &sz))
		if (!tt_address_read(element, sz, address))
			break;
}
