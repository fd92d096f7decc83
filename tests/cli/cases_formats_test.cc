// Files of judgements as people have them: every one is read rightly or answered by one line, and with the
// command that docs/feedback.md names is read rightly too. What is right was told from the files by eye.
#include "cases.h"
#include "formats.h"

namespace plumb {
namespace {

struct Case {
  const char* file;
  const char* command;  // options, the name of a format in docs/feedback.md, or "" for none
  const char* read;     // of all records where few, else of the first of those that come again and again
  std::size_t records, raters;
};

const Case kRead[] = {
    {"aab.jsonl", "", "first>second second>first", 12, 0},
    {"ans_AB.csv", "", "a>b b>a a=b", 6, 0},
    {"ans_equal.csv", "", "a>b b>a a=b", 6, 0},
    {"ans_upper.csv", "", "a>b b>a a=b", 6, 0},
    {"ans_12.csv", "--answer 1=first,2=second,0=tie", "a>b b>a a=b", 6, 0},
    {"ans_float.csv", "--answer 1=first,2=second,0=tie", "a>b b>a a=b", 6, 0},
    {"ans_both.csv", "--answer model_a=first,model_b=second,\"tie (bothbad)\"=tie", "a>b b>a a=b", 6, 0},
    {"ans_bracket.csv", "--answer '[[A]]=first,[[B]]=second,[[C]]=tie'", "a>b b>a a=b", 6, 0},
    {"ans_leftright.csv", "--answer left=first,right=second", "a>b b>a a=b", 6, 0},
    {"ans_m11.csv", "--answer=-1=first,1=second,0=tie", "a>b b>a a=b", 6, 0},
    {"ans_model.csv", "--answer model_a=first,model_b=second", "a>b b>a a=b", 6, 0},
    {"ans_name.csv", "--answer '\"a one\"=first,\"b two\"=second'", "a>b b>a a=b", 6, 0},
    {"ans_win.csv", "--answer win=first,lose=second", "a>b b>a a=b", 6, 0},
    {"answer_TF.csv", "--answer True=first,False=second", "a>b b>a", 6, 0},
    {"hf_msgs_full.jsonl", "", "good>bad", 6, 0},
    {"hf_msgs_prompt.jsonl", "", "good>bad", 6, 0},
    {"hf_msgs_promptstr.jsonl", "", "good>bad", 6, 0},
    {"parts_content.jsonl", "", "aa>bb", 12, 0},
    {"sys.jsonl", "", "aa>bb", 12, 0},
    {"nfc.jsonl", "", "caf\u00e9>cafe\u0301", 12, 1},
    {"kto.jsonl", "", "c0- c1+", 12, 0},
    {"kto_msgs.jsonl", "", "c0- c1+", 12, 0},
    {"kto_10.csv", "", "c0- c1+", 12, 0},
    {"kto_TF.csv", "", "c0- c1+", 12, 0},
    {"kto_TRUE.csv", "", "c0- c1+", 12, 0},
    {"kto_tf.csv", "", "c0- c1+", 12, 0},
    {"kto_yn.csv", "", "c0- c1+", 12, 0},
    {"kto_m1.csv", "--column rating=label", "c0:-1 c1:1", 12, 0},
    {"label01.jsonl", "", "aa+ aa-", 12, 0},
    {"label_num.jsonl", "--column rating=label", "aa:1 aa:0 aa:5 aa:0.5 aa:-1", 12, 0},
    {"rank_int.jsonl", "", "3>1>2", 12, 0},
    {"rank_top1tie.jsonl", "", "beta>alpha=gamma", 12, 0},
    {"rater_nan.csv", "", "aa>bb", 12, 1},
    {"rater_nan.jsonl", "", "aa>bb", 12, 0},
    {"rating_str.jsonl", "", "aa:4", 12, 0},
    {"rating_na.jsonl", "--reject-up-to 0.7", "aa:4", 4, 0},
    {"swapnames.jsonl", "--answer a=first", "b>a", 12, 1},
    {"swapnames2.jsonl", "", "first>second", 12, 1},
    // By the pages' commands.
    {"alpaca_eval.jsonl", "AlpacaEval annotations", "o1>o2 o2>o1 o1=o2 o1=o2 o1>o2 o2>o1", 6, 1},
    {"arena.jsonl", "Chatbot Arena or MT-bench with conversations", "aa>bb bb>aa aa=bb aa=bb aa>bb bb>aa", 6,
     6},
    {"mtbench.jsonl", "Chatbot Arena or MT-bench with conversations", "bb>aa aa>bb aa=bb bb>aa aa>bb aa=bb", 6,
     2},
    {"arena_short.jsonl", "Chatbot Arena votes without texts",
     "vicuna>gpt gpt>vicuna vicuna=gpt vicuna=gpt vicuna>gpt gpt>vicuna", 6, 6},
    {"arena55k.csv", "a table of Chatbot Arena", "aa>bb bb>aa aa=bb", 6, 0},
    {"argilla_v1.jsonl", "Argilla 1", "alpha>beta", 6, 1},
    {"argilla_v2.json", "Argilla 2, nested", "beta>alpha alpha>beta", 6, 1},
    {"argilla_v2_flat.jsonl", "Argilla 2, flat", "alpha>beta", 6, 1},
    {"ls_min.json", "Label Studio's JSON-MIN", "beta>alpha alpha>beta", 6, 2},
    {"ls_nested.json", "Label Studio's nested JSON", "alpha>beta", 6, 1},
    {"oasst_tree.jsonl", "OASST trees", "two>one", 6, 0},
    {"oasst_flat.jsonl", "OASST messages", "a>b>c", 6, 0},
    {"ultrafeedback.jsonl", "UltraFeedback", "resp1:4.25 resp2:3", 12, 0},
    {"sff.jsonl", "summarize-from-feedback", "one>two two>one", 6, 2},
    {"webgpt.jsonl", "WebGPT comparisons", "a0>a1 a1>a0 a0=a1", 6, 0},
    {"webgpt_flat.jsonl", "WebGPT comparisons", "a0>a1 a1>a0 a0=a1", 6, 0},
    {"nectar.jsonl", "Nectar", "x1>x2=x3", 6, 0},
    {"shp.jsonl", "SHP", "rb>ra ra>rb", 6, 0},
    {"pku.jsonl", "PKU-SafeRLHF", "a0>a1 a1>a0", 6, 0},
    {"helpsteer.jsonl", "HelpSteer", "r0:3 r1:2", 12, 0},
    {"helpsteer2pref.jsonl", "HelpSteer2 preferences", "r1>r2 r2>r1 r1=r2", 6, 0},
    {"orca_dpo.jsonl", "pairs under a question", "good>bad", 6, 0},
};

// Nothing in these can be read as it is; the one line says what is wrong with all of them.
const std::pair<const char*, const char*> kRefused[] = {
    {"empty.jsonl", "empty.jsonl:1: chosen: found an empty text (12 of 12 rows)"},
    {"same.jsonl", "twice, ... (12 of 12 rows), expected different items"},
    {"null_content.jsonl", "found null (a message that says nothing) (12 of 12 rows)"},
    {"rank_idx0.jsonl", "a place in the list is no name: give ids"},
    {"rank_pos.jsonl", "a place in the list is no name: give ids"},
    {"rank_partial.jsonl", "those that nobody told apart as one list at the end: a tie"},
    {"rating_na.jsonl", "found null, \"N/A\" (8 of 12 rows: 2, 3, 5, 6, 8, ...)"},
    {"kto_m1.csv", "grades are ratings: --column rating=label"},
    {"label_num.jsonl", "grades are ratings: --column rating=label"},
    {"swapnames.jsonl", "expected other names for items, or a stated mapping"},
    {"ans_12.csv", "found 1, 2, 0 (6 of 6 rows), expected"},
    {"ans_both.csv", "found \"model_a\", \"model_b\", \"tie (bothbad)\" (6 of 6 rows), expected"},
    {"ans_name.csv", "found \"a one\", \"b two\" (4 of 6 rows: 2, 3, 5, 6), expected"},
};

constexpr std::size_t kLongest = 220;

std::string repeated(const std::string& period, std::size_t records) {
  std::istringstream in(period);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  std::string out;
  for (std::size_t i = 0; i < records; ++i) out += (i ? " " : "") + words[i % words.size()];
  return out;
}

TEST(CasesFormats, AreReadAsTheyAreMeant) {
  const Folder folder;
  PLUMB_CASE("people/fmt", folder);
  const auto documented = documented_formats();
  for (const Case& c : kRead) {
    const auto page = documented.find(c.command);
    const std::string command =
        page != documented.end() ? page->second : std::string("plumb feedback check FILE ") + c.command + "\n";
    if (command.starts_with("jq ") && !has_jq()) continue;
    const Told read = told(folder, command, c.file);
    EXPECT_EQ(in_short(read), repeated(c.read, c.records)) << c.file;
    EXPECT_EQ(raters_of(read), c.raters) << c.file;
  }
}

TEST(CasesFormats, AreAnsweredByOneLineWhereTheyAreNotReadAsTheyAre) {
  const Folder folder;
  PLUMB_CASE("people/fmt", folder);
  std::map<std::string, std::string> expected;
  for (const Case& c : kRead)
    expected[c.file] = documented_formats().count(c.command)
                           ? std::string("form: found ") + c.command + ", expected "
                           : c.command;
  for (const auto& [file, message] : kRefused) expected[file] = message;
  std::size_t files = 0;
  for (const std::string& name : folder.names()) {
    if (name == "out.txt") continue;
    ++files;
    ASSERT_EQ(expected.count(name), 1u) << name;
    const Result result = folder.plumb({"feedback", "check", name});
    EXPECT_EQ(result.status, expected[name].empty() ? 0 : 2) << name << " " << result.err;
    if (expected[name].empty()) continue;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_LE(result.err.size(), kLongest) << result.err;
    const bool codes = expected[name].starts_with("--answer");
    EXPECT_TRUE(contains(result.err, codes ? "a stated mapping of every code, as in --answer" : expected[name]))
        << result.err;
  }
  EXPECT_EQ(files, 66u);
}

// The same kinds in other files.

std::string refused(const Folder& folder, const std::string& file, const std::string& text,
                    const std::vector<std::string>& more = {}) {
  folder.write(file, text);
  std::vector<std::string> arguments = {"feedback", "check", file};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const Result result = folder.plumb(arguments);
  EXPECT_EQ(result.status, 2) << text << result.out;
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  return result.err;
}

TEST(Formats, BareNumbersAreNeverTakenForItemsOrPlaces) {
  const Folder folder;
  // Items 1 and 2: is 2 the second, or the item 2, which stood first?
  EXPECT_TRUE(
      contains(refused(folder, "n.csv", "first,second,answer\n1,2,1\n2,1,1\n"), "found 1 (2 of 2 rows)"));
  EXPECT_TRUE(contains(refused(folder, "l.csv", "first,second,answer\nB,A,A\nB,A,B\n"),
                       "which names an item shown as the other"));
  folder.write("n.csv", "first,second,answer\n1,2,1\n2,1,1\n");
  EXPECT_EQ(in_short(told(folder, "plumb feedback check FILE --answer 1=first,2=second\n", "n.csv")),
            "1>2 2>1");
  // Numbers that can be no code are names.
  folder.write("n.csv", "first,second,answer\n41,42,42\n42,41,42\n");
  EXPECT_EQ(in_short(told(folder, "plumb feedback check FILE\n", "n.csv")), "42>41 42>41");
  // A column's letter against the word: which of them decides is for people to say.
  EXPECT_TRUE(contains(refused(folder, "c.csv", "q_A,q_B,won\nx y,z w,A\nx y,u v,B\n",
                               {"--column", "first=q_B", "--column", "second=q_A", "--column", "answer=won"}),
                       "by the columns' names"));
}

TEST(Formats, AnItemsNameIsAnAnswerAndFilesOfNoFormatAreToldSo) {
  const Folder folder;
  folder.write("named.jsonl", R"({"prompt":"q q","first":"gpt","second":"llama","answer":"llama"})"
                              "\n");
  EXPECT_EQ(in_short(told(folder, "plumb feedback check FILE\n", "named.jsonl")), "llama>gpt");
  folder.write("b.jsonl", R"({"question":"q q","quality":3})"
                          "\n");
  EXPECT_TRUE(contains(folder.plumb({"feedback", "check", "b.jsonl"}).err, "no key of a judgement"));
}

TEST(Formats, PartsOfTextAreJoinedByLineEnds) {
  const Folder folder;
  folder.write(
      "parts.jsonl",
      R"({"prompt":"say it","chosen":[{"role":"assistant","content":[{"type":"text","text":"yes,"},{"type":"text","text":"sir"}]}],"rejected":[{"role":"assistant","content":"no"}]})"
      "\n");
  const Told read = told(folder, "plumb feedback check FILE\n", "parts.jsonl");
  ASSERT_EQ(read.records.size(), 1u) << read.error;
  EXPECT_EQ(in_short(read), "yes,>no");
  EXPECT_TRUE(contains(read.records[0].dump(), R"("yes,\nsir")")) << read.records[0];
}

TEST(Formats, CodesInQuotationMarksMayHoldCommasAndEqualSigns) {
  const Folder folder;
  folder.write("q.csv", "prompt,first,second,answer\nwhy,a b,c d,\"yes, a=1\"\nso,a b,c d,no\n");
  EXPECT_EQ(
      in_short(told(folder, "plumb feedback check FILE --answer '\"yes, a=1\"=second,no=first'\n", "q.csv")),
      "c>a a>c");
}

TEST(Formats, RatersThatTablesLeaveOutAreNobody) {
  const Folder folder;
  std::string csv = "first,second,answer,rater\n", json;
  for (const char* nobody : {"", "nan", "NaN", "NA", "N/A", "n/a", "<NA>", "None", "null", "NULL", " "}) {
    csv += std::string("a,b,first,") + nobody + "\n";
    json += std::string(R"({"first":"a","second":"b","answer":"first","rater":")") + nobody + "\"}\n";
  }
  folder.write("r.csv", csv + "a,b,first,Nana\n");
  folder.write("r.jsonl", json + R"({"first":"a","second":"b","answer":"first","rater":3.0})" + "\n");
  EXPECT_EQ(raters_of(told(folder, "plumb feedback check FILE\n", "r.csv")), 1u);
  EXPECT_EQ(raters_of(told(folder, "plumb feedback check FILE\n", "r.jsonl")), 1u);
}

TEST(Formats, PartsThatAreNoTextAndWrongRowsOfOneKindAreOneLine) {
  const Folder folder;
  const std::string image =
      R"({"prompt":[{"role":"user","content":[{"type":"image","url":"x"},{"type":"text","text":"what"}]}],"chosen":"a b","rejected":"c d"})"
      "\n";
  EXPECT_TRUE(
      contains(refused(folder, "i.jsonl", image + image), "found a part that is not a text (2 of 2 rows)"));
  // Two kinds stay a line each.
  folder.write("k.csv", "first,second,answer\na,a,first\na,b,perhaps\na,b,first\n");
  const Result two = folder.plumb({"feedback", "check", "k.csv"});
  EXPECT_TRUE(contains(two.err, "k.csv:2: options: found \"a\" twice")) << two.err;
  EXPECT_TRUE(contains(two.err, "k.csv:3: answer: found \"perhaps\"")) << two.err;
  EXPECT_TRUE(contains(two.err, "found 2 bad of 3 rows, expected none")) << two.err;
}

}  // namespace
}  // namespace plumb
