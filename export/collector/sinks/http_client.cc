#include "export/collector/sinks/http_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <utility>

#include "export/endpoint.h"

namespace picket::collector {
namespace {

constexpr std::size_t kMaxAnswer = std::size_t{256} << 20;

struct FreeCurl {
  void operator()(CURL* c) const noexcept { curl_easy_cleanup(c); }
  void operator()(CURLU* u) const noexcept { curl_url_cleanup(u); }
  void operator()(curl_slist* l) const noexcept { curl_slist_free_all(l); }
  void operator()(char* text) const noexcept { curl_free(text); }
};

/// 0 ends the transfer with an error.
std::size_t take_body(const char* data, std::size_t, std::size_t n, void* to) {
  auto& body = *static_cast<std::string*>(to);
  if (body.size() + n > kMaxAnswer) return 0;
  body.append(data, n);
  return n;
}

/// A connection that was kept and ends without an answer: curl sends the request again by another one. What the server
/// has done of the first is unknown.
int may_send(void* is_sent, char*, char*, int, int) {
  return std::exchange(*static_cast<bool*>(is_sent), true) ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

std::string part(CURLU* url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, 0) != CURLUE_OK) return "";
  const std::unique_ptr<char, FreeCurl> owned(text);
  return text;
}

/// Records and passwords in clear text go over loopback only.
Status check(const HttpOptions& o) {
  const std::unique_ptr<CURLU, FreeCurl> url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, o.url.c_str(), 0) != CURLUE_OK)
    return Error{fmt::format("url '{}': is none; write https://HOST:PORT", o.url)};
  const std::string scheme = part(url.get(), CURLUPART_SCHEME);
  if (scheme != "https" && scheme != "http")
    return Error{fmt::format("url '{}': has to begin with https:// or http://", o.url)};
  const HostPort at{part(url.get(), CURLUPART_HOST), 0};
  if (scheme == "http" && !at.is_loopback()) {
    return Error{
        fmt::format("url '{}': http is not encrypted and is for loopback only; write https://", o.url)};
  }
  for (const std::string& file : {o.ca, o.certificate, o.key}) {
    std::error_code ignored;
    if (!file.empty() && !std::filesystem::is_regular_file(file, ignored))
      return Error{fmt::format("'{}': is no file; name one in PEM", file)};
  }
  return Done{};
}

class CurlClient final : public HttpClient {
 public:
  explicit CurlClient(const HttpOptions& o) : url_(o.url), curl_(curl_easy_init()) {
    if (!url_.ends_with('/')) url_ += '/';
    // curl would wait for "100 Continue" before a large body.
    curl_slist* headers = curl_slist_append(nullptr, "Expect:");
    for (const auto& h : o.headers) headers = curl_slist_append(headers, h.c_str());
    headers_.reset(headers);
    set(CURLOPT_HTTPHEADER, headers);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_POST, 1L);
    set(CURLOPT_PROXY, "");  // none out of the environment
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(o.connect_timeout.count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(o.timeout.count()));
    set(CURLOPT_WRITEFUNCTION, &take_body);
    set(CURLOPT_ERRORBUFFER, error_.data());
    set(CURLOPT_PREREQFUNCTION, &may_send);
    set(CURLOPT_PREREQDATA, &is_sent_);
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!o.ca.empty()) set(CURLOPT_CAINFO, o.ca.c_str());
    if (!o.certificate.empty()) set(CURLOPT_SSLCERT, o.certificate.c_str());
    if (!o.key.empty()) set(CURLOPT_SSLKEY, o.key.c_str());
  }

  Result<HttpAnswer> post(const Parameters& parameters, std::string_view body) override {
    std::string url = url_;
    char sign = '?';
    for (const auto& [name, value] : parameters) {
      const std::unique_ptr<char, FreeCurl> escaped(
          curl_easy_escape(curl_.get(), value.data(), static_cast<int>(value.size())));
      url += fmt::format("{}{}={}", std::exchange(sign, '&'), name, escaped.get());
    }
    HttpAnswer answer;
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_POSTFIELDS, body.data() == nullptr ? "" : body.data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    set(CURLOPT_WRITEDATA, &answer.body);
    error_[0] = '\0';
    is_sent_ = false;
    if (const CURLcode code = curl_easy_perform(curl_.get()); code != CURLE_OK)
      return Error{fmt::format("{}: {}", url_, error_[0] != '\0' ? error_.data() : curl_easy_strerror(code))};
    curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &answer.status);
    return answer;
  }

 private:
  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(curl_.get(), option, value);
  }

  std::string url_;
  std::unique_ptr<CURL, FreeCurl> curl_;
  std::unique_ptr<curl_slist, FreeCurl> headers_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  bool is_sent_ = false;
};

}  // namespace

Result<std::unique_ptr<HttpClient>> HttpClient::make(const HttpOptions& options) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK) return Error{fmt::format("libcurl: {}", curl_easy_strerror(ready))};
  if (auto s = check(options); !s) return s.error();
  return std::unique_ptr<HttpClient>(std::make_unique<CurlClient>(options));
}

}  // namespace picket::collector
