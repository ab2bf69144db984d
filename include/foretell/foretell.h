// All of foretell's C++ API. In reading order:
//   error.h      the one exception, its codes
//   arrow.h      the C structs at the border
//   schema.h     types and schemas
//   batch.h      batches, columns, streams
//   builder.h    making columns
//   predictor.h  what a predictor is
//   map.h        the one map
//   parity.h     whether two predictions are the same
//   storage.h    where bytes are kept
//   store.h      versions and aliases
//   open.h       a version's files on this machine; a version as a predictor
//   unit.h       units of work: pin, commit, publish
#pragma once

#include "foretell/arrow.h"
#include "foretell/batch.h"
#include "foretell/builder.h"
#include "foretell/error.h"
#include "foretell/map.h"
#include "foretell/open.h"
#include "foretell/parity.h"
#include "foretell/predictor.h"
#include "foretell/schema.h"
#include "foretell/storage.h"
#include "foretell/store.h"
#include "foretell/unit.h"
