#include <cerrno>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "arrow/stream_error.h"
#include "foretell/batch.h"
#include "foretell/error.h"

namespace foretell {
namespace {

struct Exported {
  Batches batches;
  std::string error;
  bool failed = false;
  bool finished = false;
};

Exported& StateOf(ArrowArrayStream* stream) {
  return *static_cast<Exported*>(stream->private_data);
}

// Runs `work`; no exception leaves it, since the other side may be written in C.
template <typename Work>
int Guard(ArrowArrayStream* stream, const Work& work) noexcept {
  Exported& state = StateOf(stream);
  if (state.failed) {
    return EINVAL;  // a failed stream stays failed, with its first error
  }
  state.failed = true;
  try {
    work(state);
    state.failed = false;
    return 0;
  } catch (const Error& error) {
    state.error = StreamErrorText(error);
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  } catch (const std::exception& error) {
    state.error = error.what();
  } catch (...) {
    state.error = "an exception that is not a std::exception";
  }
  return EINVAL;
}

int GetSchema(ArrowArrayStream* stream, ArrowSchema* out) {
  *out = {};
  return Guard(stream, [out](Exported& state) { ExportSchema(state.batches.schema(), out); });
}

int GetNext(ArrowArrayStream* stream, ArrowArray* out) {
  *out = {};
  return Guard(stream, [out](Exported& state) {
    std::optional<Batch> batch;
    if (!state.finished) {
      batch = state.batches.Next();
    }
    if (batch) {
      ExportBatch(*batch, out);
    } else {
      state.finished = true;
    }
  });
}

const char* GetLastError(ArrowArrayStream* stream) {
  const Exported& state = StateOf(stream);
  return state.failed && !state.error.empty() ? state.error.c_str() : nullptr;
}

void Release(ArrowArrayStream* stream) {
  const std::unique_ptr<Exported> state(static_cast<Exported*>(std::exchange(stream->private_data, nullptr)));
  stream->release = nullptr;
}

}  // namespace

void ExportStream(Batches batches, ArrowArrayStream* out) {
  auto state = std::make_unique<Exported>();
  state->batches = std::move(batches);
  *out = {&GetSchema, &GetNext, &GetLastError, &Release, state.release()};
}

}  // namespace foretell
