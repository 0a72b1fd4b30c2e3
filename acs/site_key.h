/* The site's public key, linked into ACS: the only key that it trusts by itself.  The source with its
 * value is written by masix-sign at build time. */
#ifndef ACS_SITE_KEY_H
#define ACS_SITE_KEY_H

#include <stdint.h>

extern const uint8_t acs_site_key[32];

#endif
