/*
 * sign.h - signatures of Standard Webhooks (standardwebhooks.com), version 1.
 */
#ifndef TT_SIGN_H
#define TT_SIGN_H

#define TT_SIGN_SZ	48	/* "v1,", 44 of base64, NUL */

/*
 * "v1," and the base64 of HMAC-SHA256 over "id.timestamp.body".  The key is
 * what the secret has in base64 after "whsec_"; of any other text, its bytes.
 */
void	 tt_sign(const char *secret, const char *id, const char *timestamp,
	    const char *body, char out[TT_SIGN_SZ]);

#endif /* !TT_SIGN_H */
