/*
 * ready.h - is the database one that this program can work with?
 */
#ifndef TT_READY_H
#define TT_READY_H

#include "base/rc.h"

struct tt_db;

/*
 * TT_OK if the schema is the one that the program was built for, or a later
 * one: migrations go forward only, and go before the programs.  TT_CONFLICT if
 * it is an earlier one; else as tt_db_call().
 */
enum tt_rc	 tt_ready(struct tt_db *, struct tt_err *) TT_MUSTUSE;

#endif /* !TT_READY_H */
