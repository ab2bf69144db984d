#include <cstddef>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "arrow/bitmap.h"
#include "arrow/layout.h"
#include "foretell/builder.h"
#include "foretell/error.h"

namespace foretell {
namespace {

using Pieces = std::span<const Column>;
using Bytes = std::vector<std::byte>;

// What the new column points to: its own buffers, and pieces whose buffers it shares.
struct Owner {
  Bytes validity;
  Bytes cells;
  Bytes data;
  std::vector<Column> shared;
};

// The bits of buffer `i` of all pieces; set where a piece has none.
Bytes JoinBits(Pieces pieces, std::size_t buffer, std::int64_t rows) {
  Bytes bits(static_cast<std::size_t>((rows + 7) / 8));
  std::int64_t at = 0;
  for (const Column& piece : pieces) {
    const void* from = piece.parts().buffers[buffer];
    if (from == nullptr) {
      SetBits(bits.data(), at, piece.length());
      at += piece.length();
      continue;
    }
    for (std::int64_t i = 0; i < piece.length(); ++i, ++at) {
      if (GetBit(from, piece.parts().offset + i)) {
        SetBit(bits.data(), at);
      }
    }
  }
  return bits;
}

Bytes JoinValues(Pieces pieces, std::int64_t rows) {
  const auto width = static_cast<std::size_t>(FixedWidth(pieces[0].type()));
  Bytes values(static_cast<std::size_t>(rows) * width);
  std::size_t at = 0;
  for (const Column& piece : pieces) {
    const std::size_t size = static_cast<std::size_t>(piece.length()) * width;
    if (size > 0) {
      const auto* from = static_cast<const std::byte*>(piece.parts().buffers[1]);
      std::memcpy(values.data() + at, from + static_cast<std::size_t>(piece.parts().offset) * width, size);
      at += size;
    }
  }
  return values;
}

// Offsets that begin at 0 and go on from piece to piece; `ranges` gets what each piece points at.
template <typename Offset>
Bytes JoinOffsets(Pieces pieces, std::int64_t rows,
                  std::vector<std::pair<std::int64_t, std::int64_t>>& ranges) {
  Bytes bytes(static_cast<std::size_t>(rows + 1) * sizeof(Offset));
  auto* out = reinterpret_cast<Offset*>(bytes.data());
  std::int64_t total = 0;
  for (const Column& piece : pieces) {
    if (piece.length() == 0) {
      ranges.emplace_back(0, 0);
      continue;
    }
    const Offset* from = static_cast<const Offset*>(piece.parts().buffers[1]) + piece.parts().offset;
    const std::int64_t first = from[0];
    const std::int64_t last = from[piece.length()];
    if (total + (last - first) > std::numeric_limits<Offset>::max()) {
      throw Error(Code::kInvalidValue,
                  "a column of " + ToString(piece.type()) + " holds at most 2^31 - 1 bytes or items, and " +
                      std::to_string(total + (last - first)) + " would be joined",
                  "use smaller batches, or a large_ type");
    }
    for (std::int64_t i = 1; i <= piece.length(); ++i) {
      *++out = static_cast<Offset>(total + (from[i] - first));
    }
    ranges.emplace_back(first, last);
    total += last - first;
  }
  return bytes;
}

// Views go on pointing into the pieces' own data buffers.
void JoinViews(Pieces pieces, Column::Parts& parts, Owner& owner) {
  owner.cells.resize(static_cast<std::size_t>(parts.length) * sizeof(View));
  auto* out = reinterpret_cast<View*>(owner.cells.data());
  std::vector<const void*> buffers;
  std::vector<std::int64_t> sizes;
  for (const Column& piece : pieces) {
    const Column::Parts& from = piece.parts();
    const auto base = static_cast<std::int32_t>(buffers.size());
    const auto* views = static_cast<const View*>(from.buffers[1]) + (piece.length() > 0 ? from.offset : 0);
    for (std::int64_t i = 0; i < piece.length(); ++i, ++out) {
      if (!piece.IsNull(i)) {
        *out = views[i];
        out->buffer += views[i].size > View::kInlined ? base : 0;
      }
    }
    const std::size_t data_buffers = from.buffers.size() - 3;
    buffers.insert(buffers.end(), from.buffers.begin() + 2, from.buffers.end() - 1);
    const auto* from_sizes = static_cast<const std::int64_t*>(from.buffers.back());
    sizes.insert(sizes.end(), from_sizes, from_sizes + data_buffers);
  }
  owner.data.resize(sizes.size() * sizeof(std::int64_t));
  if (!sizes.empty()) {
    std::memcpy(owner.data.data(), sizes.data(), owner.data.size());
  }
  owner.shared.assign(pieces.begin(), pieces.end());
  parts.buffers = {nullptr, owner.cells.data()};
  parts.buffers.insert(parts.buffers.end(), buffers.begin(), buffers.end());
  parts.buffers.push_back(owner.data.data());
}

bool SameBuffers(const Column& a, const Column& b) {
  const Column::Parts& x = a.parts();
  const Column::Parts& y = b.parts();
  bool same = x.length == y.length && x.offset == y.offset && x.buffers == y.buffers &&
              x.children.size() == y.children.size();
  for (std::size_t i = 0; same && i < x.children.size(); ++i) {
    same = SameBuffers(x.children[i], y.children[i]);
  }
  return same;
}

bool ShareDictionary(Pieces pieces) {
  for (const Column& piece : pieces) {
    if (!SameBuffers(piece.dictionary(), pieces[0].dictionary())) {
      return false;
    }
  }
  return true;
}

std::vector<Column> ChildPieces(Pieces pieces, std::size_t child,
                                std::span<const std::pair<std::int64_t, std::int64_t>> ranges) {
  std::vector<Column> children;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    Column whole = pieces[i].child(child);
    children.push_back(ranges.empty() ? std::move(whole)
                                      : whole.Slice(ranges[i].first, ranges[i].second - ranges[i].first));
  }
  return children;
}

// A dictionary inside a list or struct that became plain has changed that type, too.
DataType TypeOf(const Column::Parts& parts) {
  std::vector<Field> fields = parts.type.fields();
  if (parts.type.id == TypeId::kMap) {
    fields = parts.children[0].type().fields();
  } else {
    for (std::size_t i = 0; i < parts.children.size(); ++i) {
      fields[i].type = parts.children[i].type();
    }
  }
  DataType type = parts.type;
  type.children = std::make_shared<const std::vector<Field>>(std::move(fields));
  return type;
}

Column Join(Pieces pieces);

Column JoinPlain(Pieces pieces) {
  std::vector<Column> plain;
  for (const Column& piece : pieces) {
    plain.push_back(Decode(piece));
  }
  return Join(plain);
}

Column Join(Pieces pieces) {
  const DataType& type = pieces[0].type();
  const Layout layout = LayoutOf(type.id);
  if (layout == Layout::kDictionary && !ShareDictionary(pieces)) {
    return JoinPlain(pieces);
  }
  auto owner = std::make_shared<Owner>();
  Column::Parts parts;
  parts.type = type;
  bool has_validity = false;
  for (const Column& piece : pieces) {
    parts.length += piece.length();
    has_validity |= layout != Layout::kNull && piece.parts().buffers[0] != nullptr;
  }
  parts.buffers.resize(BufferCount(layout));
  std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
  switch (layout) {
    case Layout::kNull:
      break;
    case Layout::kBool:
      owner->cells = JoinBits(pieces, 1, parts.length);
      break;
    case Layout::kFixed:
      owner->cells = JoinValues(pieces, parts.length);
      break;
    case Layout::kDictionary:
      owner->cells = JoinValues(pieces, parts.length);
      parts.dictionary = pieces[0].parts().dictionary;
      break;
    case Layout::kView:
      JoinViews(pieces, parts, *owner);
      break;
    case Layout::kBytes:
    case Layout::kList:
      owner->cells = HasLargeOffsets(type.id) ? JoinOffsets<std::int64_t>(pieces, parts.length, ranges)
                                              : JoinOffsets<std::int32_t>(pieces, parts.length, ranges);
      break;
    case Layout::kFixedList:
      for (const Column& piece : pieces) {
        const std::int64_t first = piece.parts().offset * type.width;
        ranges.emplace_back(first, first + piece.length() * type.width);
      }
      break;
    case Layout::kStruct:
      break;
  }
  if (layout == Layout::kBytes) {
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const auto* data = static_cast<const std::byte*>(pieces[i].parts().buffers[2]);
      if (ranges[i].first < ranges[i].second) {
        owner->data.insert(owner->data.end(), data + ranges[i].first, data + ranges[i].second);
      }
    }
    parts.buffers[2] = owner->data.data();
  }
  for (std::size_t i = 0; i < ChildCount(type); ++i) {
    parts.children.push_back(Join(ChildPieces(pieces, i, ranges)));
  }
  if (!parts.children.empty()) {
    parts.type = TypeOf(parts);
  }
  if (has_validity) {
    owner->validity = JoinBits(pieces, 0, parts.length);
    parts.buffers[0] = owner->validity.data();
  }
  if (parts.buffers.size() > 1) {
    parts.buffers[1] = owner->cells.data();
  }
  parts.null_count = has_validity || layout == Layout::kNull ? -1 : 0;
  parts.owner = std::move(owner);
  return Column(std::move(parts));
}

}  // namespace

Column Concatenate(const std::vector<Column>& pieces) {
  if (pieces.empty()) {
    throw Error(Code::kInvalidArgument, "there are no pieces to join, and one at least is needed");
  }
  for (const Column& piece : pieces) {
    if (piece.type() != pieces[0].type()) {
      throw Error(Code::kTypeMismatch, "a column of " + ToString(piece.type()) +
                                           " cannot be joined to one of " + ToString(pieces[0].type()));
    }
  }
  return pieces.size() == 1 ? pieces[0] : Join(pieces);
}

Column Decode(const Column& column) {
  const DataType* type = &column.type();
  DataType plain = type->id == TypeId::kDictionary ? type->fields()[0].type : *type;
  if (plain.id == TypeId::kStringView || plain.id == TypeId::kBinaryView) {
    plain = Type(plain.id == TypeId::kStringView ? TypeId::kLargeString : TypeId::kLargeBinary);
  } else if (type->id != TypeId::kDictionary) {
    return column;
  }
  ColumnBuilder builder(std::move(plain));
  builder.Reserve(column.length());
  for (std::int64_t i = 0; i < column.length(); ++i) {
    builder.AppendFrom(column, i);
  }
  return builder.Finish();
}

}  // namespace foretell
