/*
 * form_json.c - JSON that somebody sent: see formdata.h.
 */
#include "web/formdata.h"

/* jansson recurses: so count the brackets, outside of texts, before it does. */
static bool
too_deep(const char *p, size_t sz)
{
	size_t	 i;
	int	 depth = 0;
	bool	 quoted = false;

	for (i = 0; i < sz; i++) {
		if (p[i] == '"')
			quoted = !quoted;
		else if (quoted)
			i += p[i] == '\\';
		else if (p[i] == '{' || p[i] == '[') {
			if (++depth > TT_FORM_DEPTH)
				return true;
		} else if (p[i] == '}' || p[i] == ']')
			depth--;
	}
	return false;
}

/* jansson's own texts quote the body: we name the place. */
static TT_MUSTUSE enum tt_rc
failed(const json_error_t *je, struct tt_err *err)
{
	const char	*what = "Malformed JSON";

	switch (json_error_code(je)) {
	case json_error_out_of_memory:
		return tt_err_set(err, TT_INTERNAL, "out of memory");
	case json_error_duplicate_key:
		what = "A name given twice in the JSON";
		break;
	case json_error_null_character:
	case json_error_null_byte_in_key:
		what = "A NUL in the JSON";
		break;
	case json_error_invalid_utf8:
		what = "JSON that is not UTF-8";
		break;
	case json_error_premature_end_of_input:
		what = "The JSON ends too early";
		break;
	case json_error_end_of_input_expected:
		what = "Something follows the JSON";
		break;
	case json_error_numeric_overflow:
		what = "Too large a number in the JSON";
		break;
	default:
		break;
	}
	return tt_err_tell(err, TT_BADREQ, "%s (byte %d)", what,
	    je->position);
}

enum tt_rc
tt_form_load(const char *p, size_t sz, json_t **value, struct tt_err *err)
{
	json_error_t	 je;

	*value = NULL;
	if (too_deep(p, sz))
		return tt_err_tell(err, TT_BADREQ,
		    "JSON of more than %d levels", TT_FORM_DEPTH);
	*value = json_loadb(p, sz, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
	    &je);
	return *value == NULL ? failed(&je, err) : TT_OK;
}
