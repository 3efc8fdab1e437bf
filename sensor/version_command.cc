// picket version: what runs here
#include <brotli/decode.h>
#include <fmt/format.h>
#include <google/protobuf/stubs/common.h>
#include <hs.h>
#include <isa-l.h>
#include <magic.h>
#include <openssl/crypto.h>
#include <pcap/pcap.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <rte_version.h>
#include <zlib.h>
#include <zstd.h>

#include <iostream>

#include "sensor/build_info.h"
#include "sensor/commands.h"

namespace picket {

int version_command() {
  char pcre[64] = {};
  pcre2_config(PCRE2_CONFIG_VERSION, pcre);
  std::cout << fmt::format("picket {} ({}, {})\n", kVersion, kBuildType, kCompiler)
            << fmt::format("  CPU level   {}\n", cpu_level())
            << fmt::format("  DPDK        {}\n", rte_version())
            << fmt::format("  Hyperscan   {}\n", hs_version())
            << fmt::format("  libpcap     {}\n", pcap_lib_version())
            << fmt::format("  Protobuf    {}\n",
                           google::protobuf::internal::VersionString(GOOGLE_PROTOBUF_VERSION))
            << fmt::format("  OpenSSL     {}\n", OpenSSL_version(OPENSSL_VERSION))
            << fmt::format("  PCRE2       {}\n", pcre) << fmt::format("  zlib        {}\n", zlibVersion())
            << fmt::format("  ISA-L       {}.{}.{}\n", ISAL_MAJOR_VERSION, ISAL_MINOR_VERSION,
                           ISAL_PATCH_VERSION)
            << fmt::format("  brotli      {}.{}.{}\n", BrotliDecoderVersion() >> 24,
                           BrotliDecoderVersion() >> 12 & 0xfff, BrotliDecoderVersion() & 0xfff)
            << fmt::format("  zstd        {}\n", ZSTD_versionString())
            << fmt::format("  libmagic    {}.{:02}\n", magic_version() / 100, magic_version() % 100);
  return std::cout.flush() ? 0 : 1;
}

}  // namespace picket
