// Saves, moves of an alias, retirements, collections of garbage and units of work in a random order, on a
// storage whose processes end and whose power is cut at random moments. For tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace foretell {

struct PowerFigures {
  std::int64_t seeds = 0;
  std::int64_t acknowledged = 0;  // operations that returned
  std::int64_t ended = 0;         // operations whose process ended
  std::int64_t cuts = 0;
  std::vector<std::string> bad;  // what was lost, or cannot be read, with its seed
};

// Adds what came of one seed.
void RunPowerScript(std::uint64_t seed, PowerFigures& figures);

// Pairs of operations of which the second rests on what the first wrote: each process ends before each step
// of its writes in turn, the second also never, and then the power is cut. Ends with the first that is bad.
void RunPowerPairs(std::uint64_t seed, PowerFigures& figures);

}  // namespace foretell
