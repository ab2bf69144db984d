#include "models/steps.h"

#include <array>
#include <string>
#include <string_view>

#include "foretell/error.h"

namespace foretell {
namespace {

using Made = std::unique_ptr<const Step>;

struct Kind {
  std::string_view name;
  Made (*make)(const Description& description, const Shape& input, int depth);
};

template <Made (*make)(const Description&)>
Made Alone(const Description& description, const Shape& /*input*/, int /*depth*/) {
  return make(description);
}

template <Made (*make)(const Description&, const Shape&)>
Made After(const Description& description, const Shape& input, int /*depth*/) {
  return make(description, input);
}

constexpr std::array kKinds = {
    Kind{"pipeline", &MakePipeline},
    Kind{"feature_union", &MakeFeatureUnion},
    Kind{"count_vectorizer", &Alone<&MakeCountVectorizer>},
    Kind{"hashing_vectorizer", &Alone<&MakeHashingVectorizer>},
    Kind{"tfidf", &After<&MakeTfidfStep>},
    Kind{"lda", &Alone<&MakeLdaStep>},
    Kind{"linear", &After<&MakeLinearStep>},
    Kind{"scaler", &After<&MakeScalerStep>},
    Kind{"normalizer", &After<&MakeNormalizerStep>},
};

constexpr int kDeepest = 8;

}  // namespace

std::unique_ptr<const Step> MakeStep(const Description& description, const Shape& input, int depth) {
  if (depth > kDeepest) {
    description.Damaged("steps lie within steps, more than " + std::to_string(kDeepest) + " deep");
  }
  const std::string kind = description.kind();
  for (const Kind& known : kKinds) {
    if (known.name == kind) {
      try {
        return known.make(description, input, depth);
      } catch (const Error& error) {
        // What a step's own code says of its arguments is damage here.
        if (error.code() == Code::kInvalidArgument || error.code() == Code::kInvalidValue) {
          description.Damaged(error.message());
        }
        throw;
      }
    }
  }
  throw Error(Code::kNewerFormat, "the native model has a step '" + kind + "', which is not known here",
              "upgrade foretell");
}

}  // namespace foretell
