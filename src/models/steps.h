// The list of the steps that exist: from a container's description to a step.
#pragma once

#include <memory>

#include "models/description.h"
#include "models/step.h"

namespace foretell {

// What a step gets that has nothing before it.
inline constexpr Shape kAlone = {.sparse = true};

// The step of this kind. `input`: what it will get, of which some steps take over the form and the dtype.
// `depth`: how many steps it lies within. FT0506 for what does not fit together, FT0407 for a kind that is
// not known here.
std::unique_ptr<const Step> MakeStep(const Description& description, const Shape& input = kAlone,
                                     int depth = 0);

// One function for each kind. All of them throw FT0506; FT0101 and FT0206 become that.
std::unique_ptr<const Step> MakePipeline(const Description& description, const Shape& input, int depth);
std::unique_ptr<const Step> MakeFeatureUnion(const Description& description, const Shape& input, int depth);
std::unique_ptr<const Step> MakeCountVectorizer(const Description& description);
std::unique_ptr<const Step> MakeHashingVectorizer(const Description& description);
std::unique_ptr<const Step> MakeTfidfStep(const Description& description, const Shape& input);
std::unique_ptr<const Step> MakeLdaStep(const Description& description);
std::unique_ptr<const Step> MakeLinearStep(const Description& description, const Shape& input);
std::unique_ptr<const Step> MakeScalerStep(const Description& description, const Shape& input);
std::unique_ptr<const Step> MakeNormalizerStep(const Description& description, const Shape& input);

}  // namespace foretell
