#include "data/text_source.h"

#include "tests/data/small_logs.h"

namespace plumb {
namespace {

TEST(TextSource, ReadsGzipOfSeveralMembersAsOneText) {
  const TextSource source = TextSource::from_memory(gzip("a,b\n") + gzip("1,2\n"), "x.gz");
  EXPECT_EQ(source.text(), "a,b\n1,2\n");
}

TEST(TextSource, PadsWithReadableZerosAndLeavesOutTheByteOrderMark) {
  const TextSource source = TextSource::from_memory("\xef\xbb\xbfxy", "x");
  EXPECT_EQ(source.text(), "xy");
  for (std::size_t i = 0; i < TextSource::kPadding; ++i) EXPECT_EQ(source.text().data()[2 + i], '\0');
}

TEST(TextSource, RefusesATruncatedGzipWithTheLineWhereItEnds) {
  std::string text;
  for (int i = 0; i < 50000; ++i) text += std::to_string(i * 7919) + "\n";
  const std::string packed = gzip(text);
  const TemporaryFile file("log.csv.gz", std::string_view(packed).substr(0, packed.size() / 2));
  const std::string message = refusal([&] { TextSource::read(file.path()); });
  EXPECT_TRUE(message.starts_with(file.path() + ":")) << message;
  EXPECT_NE(message.find("gzip: found the end of the file after"), std::string::npos) << message;
  const std::uint64_t line = std::stoull(message.substr(file.path().size() + 1));
  EXPECT_GT(line, 10000u);
  EXPECT_LT(line, 40000u);
  // Only the trailer is missing: every byte is there, its checksum is not.
  EXPECT_NE(refusal([&] {
              TextSource::from_memory(packed.substr(0, packed.size() - 1), "x.gz");
            }).find("the end of the file"),
            std::string::npos);
}

TEST(TextSource, RefusesACorruptGzipAndBytesBehindIt) {
  std::string packed = gzip("some text that is long enough to be packed, packed, packed, packed");
  EXPECT_NE(
      refusal([&] { TextSource::from_memory(packed + "tail", "x.gz"); }).find("other bytes behind the stream"),
      std::string::npos);
  packed[packed.size() - 6] ^= 1;  // the checksum
  EXPECT_NE(refusal([&] { TextSource::from_memory(packed, "x.gz"); }).find("a corrupt stream"),
            std::string::npos);
}

TEST(TextSource, SaysThatAFileIsMissing) {
  const std::string message = refusal([] { TextSource::read("/nowhere/log.csv"); }, Code::kEnvironment);
  EXPECT_EQ(message, "/nowhere/log.csv: file: found no such file, expected a readable file");
}

TEST(LineReader, TakesBothLineEndsAndLeavesOutEmptyLinesAtTheEndOnly) {
  LineReader lines("a\r\n\nb\n\n\n");
  ASSERT_TRUE(lines.next());
  EXPECT_EQ(lines.line(), "a");
  ASSERT_TRUE(lines.next());
  EXPECT_EQ(lines.line(), "");
  ASSERT_TRUE(lines.next());
  EXPECT_EQ(lines.line(), "b");
  EXPECT_EQ(lines.number(), 3u);
  EXPECT_FALSE(lines.next());
}

}  // namespace
}  // namespace plumb
