// export/tls/openssl.h — OpenSSL's objects as owned pointers, and its errors as text
#pragma once
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "export/fd.h"

namespace picket::tls {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* p) const noexcept {
    Free(p);
  }
};

inline void free_stack(STACK_OF(X509) * s) noexcept { sk_X509_pop_free(s, X509_free); }

using BioPtr = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using CrlPtr = std::unique_ptr<X509_CRL, Freer<X509_CRL_free>>;
using DigestPtr = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using SslCtxPtr = std::unique_ptr<SSL_CTX, Freer<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Freer<SSL_free>>;
using StackPtr = std::unique_ptr<STACK_OF(X509), Freer<free_stack>>;
using StoreCtxPtr = std::unique_ptr<X509_STORE_CTX, Freer<X509_STORE_CTX_free>>;
using StorePtr = std::unique_ptr<X509_STORE, Freer<X509_STORE_free>>;
using X509Ptr = std::unique_ptr<X509, Freer<X509_free>>;

/// What this thread's last call of OpenSSL complains of, without codes; forgets it.
std::string openssl_error();

/// "OpenSSL 3.0.19": the library that runs, which may be newer than the headers this was built with.
std::string openssl_version();

/// Seconds since 1970.
std::int64_t seconds(const ASN1_TIME* t) noexcept;

}  // namespace picket::tls
