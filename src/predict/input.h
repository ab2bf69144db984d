// The input side of the contract: which columns a predictor gets, in which types.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "foretell/predictor.h"
#include "predict/broken.h"

namespace foretell {

// Made once per stream; any thread.
class InputContract {
 public:
  // FT0203 names the columns that are there, FT0204 one that occurs twice.
  InputContract(const Schema& input, const Signature& signature);

  // The batch that the predictor gets. A row whose text is not UTF-8 (FT0208) or whose value does
  // not fit the declared type (FT0206) is added to `errors`. FT0205 when a column's type does not fit.
  Batch Admit(const Batch& batch, std::map<std::int64_t, RowError>& errors) const;

 private:
  std::vector<std::size_t> columns_;      // positions in the input, in the signature's order
  std::shared_ptr<const Schema> schema_;  // what the predictor gets
  bool untouched_ = false;                // the batch as it comes
};

// "id, title, start"
std::string Names(const Schema& schema);

}  // namespace foretell
