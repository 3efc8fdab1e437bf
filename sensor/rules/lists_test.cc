#include "sensor/rules/lists.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "sensor/rules/load.h"

namespace picket::rules {
namespace {

std::string show(const Address& a) {
  char text[INET6_ADDRSTRLEN];
  if (a.is_v4()) return inet_ntop(AF_INET, &a.bytes[12], text, sizeof text);
  return inet_ntop(AF_INET6, a.bytes.data(), text, sizeof text);
}
std::string show(const AddressSet& set) {
  if (set.any) return "any";
  std::string all;
  for (const auto& r : set.ranges)
    all += (all.empty() ? "" : " ") + show(r.first) + (r.first == r.last ? "" : "-" + show(r.last));
  return all;
}
std::string show(const PortSet& set) {
  if (set.any) return "any";
  std::string all;
  for (const auto& r : set.ranges)
    all += (all.empty() ? "" : " ") + std::to_string(r.first) +
           (r.first == r.last ? "" : "-" + std::to_string(r.last));
  return all;
}

const std::map<std::string, std::string, std::less<>> kAddresses = {
    {"HOME_NET", "[10.0.0.0/8,192.168.1.0/24]"},
    {"EXTERNAL_NET", "!$HOME_NET"},
    {"ONE", "1.2.3.4"},
    {"LOOP", "[$POOL]"},
    {"POOL", "$LOOP"},
    {"BAD", "1.2.3"},
};
const std::map<std::string, std::string, std::less<>> kPorts = {{"HTTP_PORTS", "[80,8080]"},
                                                                {"NOT_HTTP", "!$HTTP_PORTS"}};

template <class Book>
std::string get(Book& book, std::string_view text) {
  Complaint complaint;
  const auto set = book.get(text, complaint);
  if (set != nullptr) return show(*set);
  EXPECT_GE(complaint.where.data(), text.data());
  EXPECT_LE(complaint.where.data() + complaint.where.size(), text.data() + text.size());
  return "error: " + complaint.reason + (complaint.suggestion.empty() ? "" : "; " + complaint.suggestion);
}
std::string address(std::string_view text) {
  AddressBook book(kAddresses);
  return get(book, text);
}
std::string port(std::string_view text) {
  PortBook book(kPorts);
  return get(book, text);
}

TEST(AddressLists, Atoms) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"any", "any"},
      {"ANY", "any"},
      {"1.2.3.4", "1.2.3.4"},
      {"1.2.3.4/24", "1.2.3.0-1.2.3.255"},
      {"1.2.3.4/255.255.255.0", "1.2.3.0-1.2.3.255"},
      {"1.2.3.4/32", "1.2.3.4"},
      {"0.0.0.0/0", "0.0.0.0-255.255.255.255"},
      {"10.0.0.1-10.0.0.9", "10.0.0.1-10.0.0.9"},
      {"fe80::1", "fe80::1"},
      {"fe80::/16", "fe80::-fe80:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
      {"::/0", "any"},
      {"2001:db8::1-2001:db8::9", "2001:db8::1-2001:db8::9"},
      {"::ffff:1.2.3.4", "1.2.3.4"},
  };
  for (const auto& [text, want] : cases) EXPECT_EQ(address(text), want) << text;
}

TEST(AddressLists, ListsVariablesNegation) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"[1.2.3.4,1.2.3.5]", "1.2.3.4-1.2.3.5"},
      {"[1.2.3.4, 1.2.3.6 ]", "1.2.3.4 1.2.3.6"},
      {"[1.2.3.0/24,!1.2.3.4]", "1.2.3.0-1.2.3.3 1.2.3.5-1.2.3.255"},
      {"[1.2.3.0/24,![1.2.3.4,1.2.3.6]]", "1.2.3.0-1.2.3.3 1.2.3.5 1.2.3.7-1.2.3.255"},
      {"[[1.2.3.4],[[1.2.3.6]]]", "1.2.3.4 1.2.3.6"},
      {"$ONE", "1.2.3.4"},
      {"[$ONE,$HOME_NET]", "1.2.3.4 10.0.0.0-10.255.255.255 192.168.1.0-192.168.1.255"},
      {"!1.2.3.4", "::-1.2.3.3 1.2.3.5-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
      {"!!1.2.3.4", "1.2.3.4"},
      {"!$EXTERNAL_NET", "10.0.0.0-10.255.255.255 192.168.1.0-192.168.1.255"},
      {"![!1.2.3.4]", "1.2.3.4"},
      {"[any,!1.2.3.4]", "::-1.2.3.3 1.2.3.5-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
      {"[10.1.0.0/16,!$HOME_NET,1.2.3.4]", "1.2.3.4"},
  };
  for (const auto& [text, want] : cases) EXPECT_EQ(address(text), want) << text;
  EXPECT_EQ(address("$EXTERNAL_NET"), address("!$HOME_NET"));
  EXPECT_EQ(address("[$EXTERNAL_NET,!1.2.3.4]"), address("![$HOME_NET,1.2.3.4]"));
}

TEST(AddressLists, Errors) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"1.2.3", "error: '1.2.3' is not an address"},
      {"1.2.3.256", "error: '1.2.3.256' is not an address"},
      {"1.2.3.4.5", "error: '1.2.3.4.5' is not an address"},
      {"example.com", "error: 'example.com' is not an address"},
      {"1.2.3.4/33", "error: '/33' is not a prefix length or netmask"},
      {"1.2.3.4/255.0.255.0", "error: '/255.0.255.0' is not a prefix length or netmask"},
      {"fe80::/129", "error: '/129' is not a prefix length or netmask"},
      {"1.2.3.9-1.2.3.4", "error: the range '1.2.3.9-1.2.3.4' ends before it begins"},
      {"$HOMENET", "error: no variable $HOMENET in address-groups; did you mean $HOME_NET?"},
      {"$X", "error: no variable $X in address-groups"},
      {"[1.2.3.4", "error: a list without its closing ]"},
      {"[1.2.3.4,]", "error: an empty address in a list"},
      {"[]", "error: an empty address in a list"},
      {"1.2.3.4]", "error: unexpected ']' behind address"},
      {"!any", "error: no address is left: all of '!any' is negated"},
      {"[1.2.3.4,!1.2.3.4]", "error: no address is left: all of '[1.2.3.4,!1.2.3.4]' is negated"},
      {"$LOOP", "error: in $LOOP: in $POOL: variable $LOOP stands for itself"},
      {"$BAD", "error: in $BAD: '1.2.3' is not an address"},
  };
  for (const auto& [text, want] : cases) EXPECT_EQ(address(text), want) << text;
  EXPECT_EQ(address(std::string(100, '[') + "1.2.3.4"), "error: lists nest deeper than 16");
}

TEST(AddressLists, EqualTextsShareOneSet) {
  AddressBook book(kAddresses);
  Complaint complaint;
  EXPECT_EQ(book.get("$HOME_NET", complaint), book.get("$HOME_NET", complaint));
}

TEST(PortLists, AllForms) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"any", "any"},
      {"80", "80"},
      {"0", "0"},
      {"1024:", "1024-65535"},
      {":80", "0-80"},
      {"80:90", "80-90"},
      {"!80", "0-79 81-65535"},
      {"[80,443]", "80 443"},
      {"[80:90,!85]", "80-84 86-90"},
      {"![80,443]", "0-79 81-442 444-65535"},
      {"$HTTP_PORTS", "80 8080"},
      {"!$HTTP_PORTS", "0-79 81-8079 8081-65535"},
      {"$NOT_HTTP", "0-79 81-8079 8081-65535"},
      {"[80, 81 ,82]", "80-82"},
      {"[1024:,!5060]", "1024-5059 5061-65535"},
      {"80 : 90", "80-90"},
  };
  for (const auto& [text, want] : cases) EXPECT_EQ(port(text), want) << text;
}

TEST(PortLists, Errors) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"65536", "error: '65536' is not a port (0 to 65535) or a range of ports"},
      {"http", "error: 'http' is not a port (0 to 65535) or a range of ports"},
      {":", "error: ':' is not a port (0 to 65535) or a range of ports"},
      {"90:80", "error: the range '90:80' ends before it begins"},
      {"!any", "error: no port is left: all of '!any' is negated"},
      {"$HTTP_PORT", "error: no variable $HTTP_PORT in port-groups; did you mean $HTTP_PORTS?"},
      {"[80", "error: a list without its closing ]"},
  };
  for (const auto& [text, want] : cases) EXPECT_EQ(port(text), want) << text;
}

}  // namespace
}  // namespace picket::rules
