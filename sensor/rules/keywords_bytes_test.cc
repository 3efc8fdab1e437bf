#include <gtest/gtest.h>

#include "sensor/rules/test_support.h"

namespace picket::rules {
namespace {

TEST(ByteTest, AllForms) {
  const auto rule = with(
      "byte_test:2,!>,0x10,-4,relative,little; byte_test:4,&,128,2; byte_test:5,<=,99,0,string,dec; "
      "byte_test:1,=,0x9,0, bitmask 0xf8; byte_test:2,>=,1,0,dce;");
  const auto& t = rule.clause<ByteTest>(0, 0);
  EXPECT_EQ(t.source.bytes.value, 2);
  EXPECT_TRUE(t.negated);
  EXPECT_EQ(t.op, ByteTest::Op::kGreater);
  EXPECT_EQ(t.value.value, 16);
  EXPECT_EQ(t.source.offset.value, -4);
  EXPECT_TRUE(t.source.relative);
  EXPECT_EQ(t.source.endian, Endian::kLittle);
  EXPECT_EQ(rule.clause<ByteTest>(0, 1).op, ByteTest::Op::kAnd);
  EXPECT_EQ(rule.clause<ByteTest>(0, 2).source.base, Base::kDecimal);
  EXPECT_EQ(rule.clause<ByteTest>(0, 3).source.bitmask, 0xf8U);
  EXPECT_EQ(rule.clause<ByteTest>(0, 4).source.endian, Endian::kDce);
  EXPECT_EQ(with("byte_test:0,<=,3,0,string,dec;").clause<ByteTest>(0, 0).source.bytes.value, 0);
  EXPECT_EQ(with("byte_test:4,=,1,0,string;").clause<ByteTest>(0, 0).source.base, Base::kDecimal);
  EXPECT_EQ(with("byte_test:4,=,1,0,string,hex;").clause<ByteTest>(0, 0).source.base, Base::kHex);
  EXPECT_EQ(with("byte_test:4,=,1,0,oct,string;").clause<ByteTest>(0, 0).source.base, Base::kOctal);
  for (const char* op : {"<", ">", "=", "<=", ">=", "&", "^", "!=", "!&", "!<"})
    EXPECT_EQ(reason("byte_test:1," + std::string(op) + ",1,0;"), "") << op;
}

TEST(ByteJump, AllForms) {
  const auto rule = with(
      "byte_jump:4,-10,relative,little,from_beginning, post_offset -1; byte_jump:2,0,align,multiplier "
      "2,from_end; byte_jump:0,0,relative,post_offset -10;");
  const auto& j = rule.clause<ByteJump>(0, 0);
  EXPECT_TRUE(j.from_beginning && j.source.relative);
  EXPECT_EQ(j.post_offset.value, -1);
  EXPECT_TRUE(rule.clause<ByteJump>(0, 1).align && rule.clause<ByteJump>(0, 1).from_end);
  EXPECT_EQ(rule.clause<ByteJump>(0, 1).multiplier, 2U);
  EXPECT_EQ(rule.clause<ByteJump>(0, 2).source.bytes.value, 0);
}

TEST(ByteExtract, FillsVariablesThatOthersUse) {
  const auto rule = with(
      "byte_extract:2,0,len,relative,little,multiplier 4,align 2; byte_extract:1,2,n,string,hex; "
      "byte_test:len,=,n,len; byte_jump:1,n,post_offset len; isdataat:!len,relative;");
  EXPECT_EQ(rule->variables, (std::vector<std::string>{"len", "n"}));
  EXPECT_EQ(rule.clause<ByteExtract>(0, 0).multiplier, 4U);
  EXPECT_EQ(rule.clause<ByteExtract>(0, 0).align, 2);
  EXPECT_EQ(rule.clause<ByteTest>(0, 2).value.variable, 1);
  EXPECT_EQ(rule.clause<ByteTest>(0, 2).source.bytes.variable, 0);
  EXPECT_EQ(rule.clause<ByteJump>(0, 3).post_offset.variable, 0);
  EXPECT_EQ(rule.clause<IsDataAt>(0, 4).position.variable, 0);
  EXPECT_TRUE(rule.clause<IsDataAt>(0, 4).negated);
}

TEST(ByteMath, AllForms) {
  const auto rule = with(
      "byte_math:bytes 1, offset 1, oper +, rvalue 2, result a, relative; byte_math:bytes 4,offset 0,oper "
      "<<,rvalue a,result b,endian little,string hex;");
  EXPECT_EQ(rule.clause<ByteMath>(0, 0).op, ByteMath::Op::kAdd);
  EXPECT_EQ(rule.clause<ByteMath>(0, 1).rvalue.variable, 0);
  EXPECT_EQ(rule.clause<ByteMath>(0, 1).variable, 1);
  EXPECT_EQ(rule.clause<ByteMath>(0, 1).source.base, Base::kHex);
}

TEST(IsDataAt, AllForms) {
  const auto rule = with("isdataat:!1,relative; isdataat:100,rawbytes;");
  EXPECT_TRUE(rule.clause<IsDataAt>(0, 0).negated && rule.clause<IsDataAt>(0, 0).relative);
  EXPECT_TRUE(rule.clause<IsDataAt>(0, 1).rawbytes);
}

TEST(Bytes, Errors) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"byte_test:1;",
       "'' is no comparison of byte_test; use < > = <= >= & or ^, with ! before it to negate"},
      {"byte_test:x,=,1,0;",
       "'x' is neither a number nor a variable that byte_extract or byte_math filled before"},
      {"byte_test:1,~,1,0;",
       "'~' is no comparison of byte_test; use < > = <= >= & or ^, with ! before it to negate"},
      {"byte_test:1,=,1;", "the offset is missing"},
      {"byte_test:9,=,1,0;", "byte_test reads at most 8 bytes, not 9"},
      {"byte_test:24,=,1,0,string,dec;", "byte_test reads at most 23 bytes, not 24"},
      {"byte_test:0,=,1,0;", "byte_test must read at least one byte"},
      {"byte_test:1,=,1,0,relativ;", "'relativ' means nothing to byte_test"},
      {"byte_test:1,=,1,0,hex;", "hex, dec and oct need the word string too"},
      {"byte_test:1,=,1,0,bitmask;", "a bitmask is a number such as 0x7f"},
      {"byte_jump:4;", "the offset is missing"},
      {"byte_jump:4,0,multiplier 0;", "a multiplier is a number from 1 to 65535"},
      {"byte_jump:4,0,from_beginning,from_end;", "byte_jump goes from_beginning or from_end, not both"},
      {"byte_extract:4,0;", "byte_extract needs a variable's name as third argument"},
      {"byte_extract:4,0,9x;", "a variable's name must begin with a letter"},
      {"byte_extract:4,0,x,align 3;", "byte_extract aligns to 2 or 4"},
      {"byte_math:bytes 1,offset 0,oper +,rvalue 1;", "byte_math needs result"},
      {"byte_math:bytes 1,offset 0,oper %,rvalue 1,result a;", "byte_math's oper is +, -, *, /, << or >>"},
      {"byte_math:bytes 1,offset 0,oper /,rvalue 0,result a;", "byte_math cannot divide by 0"},
      {"isdataat:70000;", "70000 is out of range for isdataat"},
      {"isdataat:1,relativ;", "'relativ' means nothing to isdataat; it takes relative and rawbytes"},
      {"isdataat:-1;", "-1 is out of range for isdataat"},
  };
  for (const auto& [options, want] : cases) EXPECT_EQ(reason(options), want) << options;
}

}  // namespace
}  // namespace picket::rules
