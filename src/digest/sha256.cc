#include "digest/sha256.h"

#include <openssl/evp.h>

#include <array>

#include "foretell/error.h"

namespace foretell {
namespace {

void Check(int result) {
  if (result != 1) {
    throw Error(Code::kInternal, "libcrypto could not compute a SHA-256 digest");
  }
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  Check(context_ != nullptr ? EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) : 0);
}

Sha256::~Sha256() = default;

void Sha256::Add(std::string_view bytes) {
  Check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

std::string Sha256::Finish() {
  std::array<unsigned char, 32> digest{};
  Check(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr));
  std::string hex;
  hex.reserve(64);
  for (const unsigned char byte : digest) {
    hex += "0123456789abcdef"[byte >> 4U];
    hex += "0123456789abcdef"[byte & 15U];
  }
  return hex;
}

std::string Sha256Of(std::string_view bytes) {
  Sha256 digest;
  digest.Add(bytes);
  return digest.Finish();
}

}  // namespace foretell
