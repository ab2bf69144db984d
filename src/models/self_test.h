// A container's self-test: some inputs and what scikit-learn answered, replayed where the model is opened.
#pragma once

namespace foretell {

class NativeModel;

// Nothing where the container holds none. FT0506 where it is malformed; FT0507 names the method and the row
// whose answer is further from scikit-learn's than the tolerance in the description.
void ReplaySelfTest(const NativeModel& model);

}  // namespace foretell
