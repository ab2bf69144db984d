// LDA's E step of one document in single precision, as scikit-learn computes it for a model fitted on
// float32: which results are rounded to float, and the order of the sums of gamma, are its own.
#include "models/kernels/elementary.h"
#include "models/kernels/lda.h"
#include "models/kernels/rows.h"

namespace foretell::kernels {
namespace {

constexpr float kEpsilon = 0x1p-23F;
constexpr std::int64_t kBatch = 32;  // arguments of digamma at a time

// digamma of `n` <= kBatch floats: sums and steps rounded to float, quotients and the logarithm in double.
void Digamma(const float* from, float* to, std::int64_t n) {
  constexpr double kEuler = 0.577215664901532860606512090082402431;
  alignas(64) double shifted[kBatch];
  alignas(64) double logarithm[kBatch];
  float steps[kBatch];
  for (std::int64_t i = 0; i < kBatch; ++i) {
    float x = i < n ? from[i] : 6.0F;
    float sum = 0;
    if (x > 1e-6) {
      while (x < 6) {
        sum = static_cast<float>(sum - 1.0 / x);
        x += 1;
      }
    }
    steps[i] = sum;
    shifted[i] = x;
  }
  for (std::int64_t i = 0; i < kBatch; i += kWidth) {
    Store(logarithm + i, Log(Load(shifted + i)));
  }
  for (std::int64_t i = 0; i < n; ++i) {
    if (from[i] <= 1e-6) {
      to[i] = static_cast<float>(-kEuler - 1.0 / from[i]);
      continue;
    }
    float r = static_cast<float>(1.0 / shifted[i]);
    float result = static_cast<float>(steps[i] + (logarithm[i] - 0.5 * r));
    r = r * r;
    result = static_cast<float>(result - r * ((1.0 / 12.0) - r * ((1.0 / 120.0) - r * (1.0 / 252.0))));
    to[i] = result;
  }
}

// exp(digamma(gamma) - digamma(total)) of `n` topics.
void Refresh(const float* gamma, float total, float* exp, std::int64_t n) {
  float digamma_of_total = 0;
  Digamma(&total, &digamma_of_total, 1);
  float digamma[kBatch];
  alignas(64) double difference[kBatch];
  for (std::int64_t first = 0; first < n; first += kBatch) {
    const std::int64_t size = n - first < kBatch ? n - first : kBatch;
    Digamma(gamma + first, digamma, size);
    for (std::int64_t i = 0; i < kBatch; ++i) {
      difference[i] = i < size ? digamma[i] - digamma_of_total : 0;
    }
    for (std::int64_t i = 0; i < kBatch; i += kWidth) {
      Store(difference + i, Exp(Load(difference + i)));
    }
    for (std::int64_t i = 0; i < size; ++i) {
      exp[first + i] = static_cast<float>(difference[i]);
    }
  }
}

std::int64_t InferOne(const LdaModel<float>& model, const LdaDocument& document,
                      const LdaScratch<float>& scratch) {
  const std::int64_t topics = model.topics;
  const std::int64_t words = document.size;
  const auto prior = static_cast<float>(model.prior);
  float* __restrict exp = scratch.topic_values;
  float* __restrict mass = exp + (model.stride + kLanes);
  float* __restrict gamma = mass + (model.stride + kLanes);
  float* __restrict weights = scratch.weights;
  for (std::int64_t j = 0; j < words; ++j) {
    scratch.rows[j] = model.word_topics + document.ids[j] * model.stride;
    scratch.counts[j] = static_cast<float>(document.counts[j]);
  }
  for (std::int64_t k = 0; k < topics; ++k) {
    gamma[k] = 1;
  }
  for (std::int64_t k = topics; k < model.stride; ++k) {
    exp[k] = 0;
  }
  Refresh(gamma, static_cast<float>(topics), exp, topics);
  for (std::int64_t iteration = 1;; ++iteration) {
    for (std::int64_t j = 0; j < words; ++j) {
      const float* __restrict row = scratch.rows[j];
      float part[2 * kLanes] = {};
      for (std::int64_t k = 0; k < model.stride; k += kLanes) {
        for (int lane = 0; lane < kLanes; ++lane) {
          part[lane] += exp[k + lane] * row[k + lane];
        }
      }
      const float norm =
          ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
      weights[j] = scratch.counts[j] / (norm + kEpsilon);
    }
    for (std::int64_t k = 0; k < model.stride; ++k) {
      mass[k] = 0;
    }
    for (std::int64_t j = 0; j < words; ++j) {
      const float* __restrict row = scratch.rows[j];
      const float weight = weights[j];
      for (std::int64_t k = 0; k < model.stride; ++k) {
        mass[k] += weight * row[k];
      }
    }
    double change = 0;
    float total = 0;
    for (std::int64_t k = 0; k < topics; ++k) {
      const float next = exp[k] * mass[k] + prior;
      const float difference = gamma[k] - next;
      change += difference < 0 ? -difference : difference;
      gamma[k] = next;
      total += next;
    }
    if (change / static_cast<double>(topics) < model.tolerance || iteration == model.max_iterations) {
      for (std::int64_t k = 0; k < topics; ++k) {
        document.gamma[k] = gamma[k];
      }
      return iteration;
    }
    Refresh(gamma, total, exp, topics);
  }
}

void InferSingle(const LdaModel<float>& model, LdaDocument* documents, std::int64_t count,
                 const LdaScratch<float>& scratch) {
  for (std::int64_t i = 0; i < count; ++i) {
    documents[i].iterations = InferOne(model, documents[i], scratch);
  }
}

}  // namespace

namespace FORETELL_ROW {
const LdaSingleKernels lda_single = {InferSingle};
}  // namespace FORETELL_ROW

}  // namespace foretell::kernels
