// The output side of the contract: what a predictor answered, checked and in the declared types.
#pragma once

#include <cstdint>
#include <memory>

#include "foretell/predictor.h"
#include "predict/bisect.h"

namespace foretell {

inline constexpr std::string_view kErrorColumn = "_error";

// struct<code: string, message: string>
const DataType& ErrorType();

// The answer to a call on `rows` rows. Throws FT0302 (another number of rows) or FT0303 (a column is
// missing, extra or misnamed, or its type cannot be cast to the declared one). Rows that the
// predictor marked in `_error`, values that do not fit (FT0303), nulls (FT0304) and NaN (FT0305),
// inside lists and structs, too, become the answer's errors. An answer of errors only may leave the
// predictions out; its columns are empty then.
Answer CheckAnswer(const Batch& answer, std::int64_t rows, const Schema& output, const Signature& signature);

// The output as `Map` gives it: dictionaries (but for those inside maps) as their values, because the
// pieces of one batch would have a dictionary each.
Schema PlainOutput(const Schema& output);

// The prediction columns of an answer, for a signature that declares none; plain.
Schema OutputOf(const Batch& answer);

}  // namespace foretell
