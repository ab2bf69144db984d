// The list of the steps that exist: from a container's description to a step.
#pragma once

#include <memory>

#include "models/description.h"
#include "models/step.h"

namespace foretell {

// The step of this kind. `sparse_input`: whether the rows that it will get are sparse. `depth`: how many
// steps it lies within. FT0506 for what does not fit together, FT0407 for a kind that is not known here.
std::unique_ptr<const Step> MakeStep(const Description& description, bool sparse_input = true, int depth = 0);

// One function for each kind. All of them throw FT0506; FT0101 and FT0206 become that.
std::unique_ptr<const Step> MakePipeline(const Description& description, bool sparse_input, int depth);
std::unique_ptr<const Step> MakeFeatureUnion(const Description& description, bool sparse_input, int depth);
std::unique_ptr<const Step> MakeCountVectorizer(const Description& description);
std::unique_ptr<const Step> MakeHashingVectorizer(const Description& description);
std::unique_ptr<const Step> MakeTfidfStep(const Description& description);
std::unique_ptr<const Step> MakeLdaStep(const Description& description);
std::unique_ptr<const Step> MakeLinearStep(const Description& description);
std::unique_ptr<const Step> MakeScalerStep(const Description& description, bool sparse_input);
std::unique_ptr<const Step> MakeNormalizerStep(const Description& description, bool sparse_input);

}  // namespace foretell
