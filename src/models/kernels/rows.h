// The tables that the kernel files export, one namespace for each instruction set that they are built for.
#pragma once

#include "models/kernels/lda.h"

namespace foretell::kernels {

namespace baseline {
extern const ElementaryKernels elementary;
extern const LdaKernels lda;
extern const LdaSingleKernels lda_single;
extern const LdaTrainingKernels lda_training;
}  // namespace baseline

#if defined(__x86_64__)
namespace v3 {
extern const ElementaryKernels elementary;
extern const LdaKernels lda;
extern const LdaSingleKernels lda_single;
extern const LdaTrainingKernels lda_training;
}  // namespace v3

namespace v4 {
extern const ElementaryKernels elementary;
extern const LdaKernels lda;
extern const LdaSingleKernels lda_single;
extern const LdaTrainingKernels lda_training;
}  // namespace v4
#endif

}  // namespace foretell::kernels
