// Files of judgements as people have them: each is read right or answered by one line that names its format and
// the way out. The lines of docs/feedback.md that rewrite a file are run as they stand there.
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/cases.h"

namespace plumb {
namespace {

using Json = nlohmann::json;

constexpr const char* kCases = "people/fmt";

// What `feedback import` makes of a file, a record an entry.
std::vector<Json> records_of(const Folder& folder, const std::string& file, std::vector<std::string> mapping) {
  std::vector<std::string> words = {"feedback", "import", file, "--to", "read.jsonl"};
  words.insert(words.end(), mapping.begin(), mapping.end());
  const Result result = folder.plumb(words);
  EXPECT_EQ(result.status, 0) << file << ": " << result.err;
  std::vector<Json> out;
  if (result.status != 0) return out;
  std::istringstream lines(folder.read("read.jsonl"));
  for (std::string line; std::getline(lines, line);) out.push_back(Json::parse(line));
  std::filesystem::remove(folder / "read.jsonl");
  return out;
}

std::string text_of(const Json& item) {
  if (!item.is_object()) return item.is_string() ? item.get<std::string>() : item.dump();
  return item.contains("text") ? item.at("text").get<std::string>() : item.at("id").get<std::string>();
}

// The text of the item that a comparison prefers; "tie" where neither.
std::string preferred(const Json& record) {
  if (record.at("answer") == "tie") return "tie";
  return text_of(record.at(record.at("answer").get<std::string>()));
}

// The line of docs/feedback.md that rewrites a format, run on a file; false where its program is not installed.
bool rewrite(const Folder& folder, const std::string& format, const std::string& file) {
  const std::string page = file_text(std::string(PLUMB_SOURCE_DIR) + "/docs/feedback.md");
  const std::size_t head = page.find("\n### " + format + "\n");
  EXPECT_NE(head, page.npos) << format;
  if (head == page.npos) return false;
  const std::size_t start = page.find("```sh\n", head) + 6;
  std::string line = page.substr(start, page.find("\nplumb feedback", start) - start);
  const std::string program = line.substr(0, line.find(' '));
  if (std::system(("command -v " + program + " >/dev/null").c_str()) != 0) return false;
  const std::size_t name = line.rfind(" FILE > out.jsonl");
  EXPECT_NE(name, line.npos) << line;
  line.replace(name, 5, " " + file);
  folder.write("rewrite.sh", "cd '" + (folder / ".").string() + "' && " + line + "\n");
  EXPECT_EQ(std::system(("sh '" + (folder / "rewrite.sh").string() + "'").c_str()), 0) << format;
  return true;
}

struct Read {
  const char* file;
  std::vector<std::string> mapping;
  std::vector<const char*> winners;  // how the winning texts of the first comparisons start
};

const std::vector<std::string> kAlpaca = {"--column", "prompt=instruction", "--column", "first=output_1",
                                          "--column", "second=output_2",    "--column", "answer=preference",
                                          "--column", "rater=annotator",    "--answer", "0=tie,1.5=tie"};
const std::vector<std::string> kHelpSteer2 = {
    "--column", "first=response_1",
    "--column", "second=response_2",
    "--column", "answer=preference_strength",
    "--answer", "-3=first,-2=first,-1=first,0=tie,1=second,2=second,3=second"};

TEST(CaseFormats, AreReadWithTheWinnerWhoWon) {
  const Folder folder;
  PLUMB_CASE(kCases, folder);
  const Read reads[] = {
      {"ans_AB.csv", {}, {"a one", "b two", "tie"}},
      {"ans_upper.csv", {}, {"a one", "b two", "tie"}},
      {"ans_equal.csv", {}, {"a one", "b two", "tie"}},
      {"ans_12.csv", {"--answer", "1=first,2=second,0=tie"}, {"a one", "b two", "tie"}},
      {"ans_float.csv", {"--answer", "1=first,2=second,0=tie"}, {"a one", "b two", "tie"}},
      {"ans_both.csv",
       {"--answer", "model_a=first,model_b=second,\"tie (bothbad)\"=tie"},
       {"a one", "b two", "tie"}},
      {"ans_bracket.csv", {"--answer", "[[A]]=first,[[B]]=second,[[C]]=tie"}, {"a one", "b two", "tie"}},
      {"ans_leftright.csv", {"--answer", "left=first,right=second"}, {"a one", "b two", "tie"}},
      {"ans_m11.csv", {"--answer", "-1=first,1=second,0=tie"}, {"a one", "b two", "tie"}},
      {"ans_model.csv", {"--answer", "model_a=first,model_b=second"}, {"a one", "b two", "tie"}},
      {"ans_win.csv", {"--answer", "win=first,lose=second"}, {"a one", "b two", "tie"}},
      {"answer_TF.csv", {"--answer", "True=first,False=second"}, {"a one", "b two", "a one"}},
      {"alpaca_eval.jsonl", kAlpaca, {"o1", "o2", "tie", "tie"}},
      {"helpsteer2pref.jsonl", kHelpSteer2, {"r1", "r2", "tie"}},
      {"arena_short.jsonl",
       {"--column", "first=model_a", "--column", "second=model_b", "--column", "answer=winner", "--column",
        "rater=judge", "--answer", "tie (bothbad)=tie"},
       {"vicuna", "gpt", "tie", "tie"}},
      {"pku.jsonl",
       {"--column", "first=response_0", "--column", "second=response_1", "--column",
        "answer=better_response_id"},
       {"a0", "a1", "a0"}},
      {"shp.jsonl",
       {"--column", "prompt=history", "--column", "first=human_ref_A", "--column", "second=human_ref_B",
        "--column", "answer=labels", "--answer", "1=first,0=second"},
       {"rb", "ra", "rb"}},
      {"hf_msgs_full.jsonl", {}, {"good", "good"}},
      {"hf_msgs_prompt.jsonl", {}, {"good", "good"}},
      {"hf_msgs_promptstr.jsonl", {}, {"good", "good"}},
      {"orca_dpo.jsonl", {"--column", "prompt=question"}, {"good", "good"}},
      {"parts_content.jsonl", {}, {"aa", "aa"}},
      {"sys.jsonl", {}, {"aa x", "aa x"}},
      {"swapnames2.jsonl", {}, {"first", "first"}},
      {"swapnames.jsonl", {"--answer", "a=second,b=first"}, {"a", "a"}},
  };
  for (const Read& read : reads) {
    const std::vector<Json> records = records_of(folder, read.file, read.mapping);
    ASSERT_GE(records.size(), read.winners.size()) << read.file;
    for (std::size_t i = 0; i < read.winners.size(); ++i)
      EXPECT_EQ(preferred(records[i]).rfind(read.winners[i], 0), 0u)
          << read.file << " " << i << ": " << records[i];
  }
}

struct Rewritten {
  const char *format, *file;
  std::vector<std::string> mapping;
  std::vector<const char*> winners;
};

TEST(CaseFormats, AreRewrittenByTheLinesOfThePage) {
  const Folder folder;
  PLUMB_CASE(kCases, folder);
  const std::vector<std::string> arena = {
      "--answer", "model_a=first,model_b=second,tie (bothbad)=tie,tie (inconsistent)=tie"};
  const Rewritten all[] = {
      {"Chatbot Arena", "arena.jsonl", arena, {"aa", "bb", "tie"}},
      {"Chatbot Arena", "mtbench.jsonl", arena, {"bb", "aa"}},
      {"Arena, a table", "arena55k.csv", {}, {"[\"aa", "[\"bb", "tie"}},
      {"Argilla 1",
       "argilla_v1.jsonl",
       {"--answer", "response1=first,response2=second"},
       {"question number 0 about things alpha"}},
      {"Argilla 2",
       "argilla_v2.json",
       {"--answer", "response_a=first,response_b=second"},
       {"question number 0 about things beta", "question number 1 about things alpha"}},
      {"Argilla 2, flat",
       "argilla_v2_flat.jsonl",
       {"--answer", "response_a=first,response_b=second"},
       {"question number 0 about things alpha"}},
      {"Label Studio",
       "ls_nested.json",
       {"--answer", "left=first,right=second"},
       {"question number 0 about things alpha"}},
      {"OASST, trees", "oasst_tree.jsonl", {}, {"two", "two"}},
      {"summarize-from-feedback", "sff.jsonl", {}, {"sum one", "sum two"}},
      {"WebGPT", "webgpt.jsonl", {}, {"a0", "a1", "tie"}},
      {"WebGPT", "webgpt_flat.jsonl", {}, {"a0", "a1", "tie"}},
  };
  for (const Rewritten& one : all) {
    if (!rewrite(folder, one.format, one.file)) continue;
    const std::vector<Json> records = records_of(folder, "out.jsonl", one.mapping);
    ASSERT_GE(records.size(), one.winners.size()) << one.file;
    for (std::size_t i = 0; i < one.winners.size(); ++i) {
      const Json& record = records[i];
      const std::string won = record.contains("answer") ? preferred(record) : "a ranking";
      EXPECT_EQ(won.rfind(one.winners[i], 0), 0u) << one.format << ": " << record;
    }
  }
  for (const auto& [format, file, best] :
       {std::tuple("OASST, messages", "oasst_flat.jsonl", "r0a"),
        std::tuple("Nectar", "nectar.jsonl", "x1 question number 0 about things")}) {
    if (!rewrite(folder, format, file)) continue;
    const std::vector<Json> records = records_of(folder, "out.jsonl", {});
    ASSERT_EQ(records.size(), 6u) << format;
    EXPECT_EQ(records[0].at("options").size(), 3u) << records[0];
    EXPECT_EQ(text_of(records[0].at("ranking").at(0)), best) << records[0];
  }
}

TEST(CaseFormats, ThatAreNotReadAsTheyAreGetOneLine) {
  const Folder folder;
  PLUMB_CASE(kCases, folder);
  const std::pair<const char*, const char*> named[] = {
      {"alpaca_eval.jsonl", "AlpacaEval"},
      {"arena.jsonl", "Chatbot Arena"},
      {"arena55k.csv", "Chatbot Arena"},
      {"arena_short.jsonl", "Chatbot Arena"},
      {"argilla_v1.jsonl", "Argilla 1"},
      {"argilla_v2.json", "Argilla 2"},
      {"argilla_v2_flat.jsonl", "Argilla 2"},
      {"ls_min.json", "JSON-MIN"},
      {"ls_nested.json", "Label Studio"},
      {"helpsteer.jsonl", "HelpSteer"},
      {"helpsteer2pref.jsonl", "HelpSteer2"},
      {"mtbench.jsonl", "MT-bench"},
      {"nectar.jsonl", "Nectar"},
      {"oasst_flat.jsonl", "OASST"},
      {"oasst_tree.jsonl", "OASST"},
      {"orca_dpo.jsonl", "question"},
      {"pku.jsonl", "PKU-SafeRLHF"},
      {"sff.jsonl", "summarize-from-feedback"},
      {"shp.jsonl", "SHP"},
      {"ultrafeedback.jsonl", "UltraFeedback"},
      {"webgpt.jsonl", "WebGPT"},
      {"webgpt_flat.jsonl", "WebGPT"},
  };
  for (const auto& [file, format] : named) {
    const Result result = folder.plumb({"feedback", "check", file});
    EXPECT_EQ(result.status, 2) << file;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_TRUE(contains(result.err, format)) << result.err;
    EXPECT_TRUE(contains(result.err, "--column") || contains(result.err, "docs/feedback.md") ||
                contains(result.err, "jq -c"))
        << result.err;
    EXPECT_LE(result.err.size(), 240u) << result.err;
  }
  for (const char* file :
       {"ans_12.csv", "ans_both.csv", "ans_bracket.csv", "ans_float.csv", "ans_leftright.csv", "ans_m11.csv",
        "ans_model.csv", "ans_name.csv", "ans_win.csv", "answer_TF.csv", "swapnames.jsonl"})
    EXPECT_TRUE(contains(folder.plumb({"feedback", "check", file}).err, "--answer")) << file;
  for (const char* file : {"kto_m1.csv", "label_num.jsonl"})
    EXPECT_TRUE(contains(folder.plumb({"feedback", "check", file}).err, "--column rating=label")) << file;
  for (const char* file : {"rank_idx0.jsonl", "rank_pos.jsonl"})
    EXPECT_TRUE(contains(folder.plumb({"feedback", "check", file}).err, "ids")) << file;
  for (const char* file :
       {"empty.jsonl", "same.jsonl", "null_content.jsonl", "rank_partial.jsonl", "rating_na.jsonl"})
    EXPECT_EQ(folder.plumb({"feedback", "check", file}).status, 2) << file;
}

TEST(CaseFormats, CountWhatTheyHold) {
  const Folder folder;
  PLUMB_CASE(kCases, folder);
  const std::pair<const char*, const char*> counts[] = {
      {"aab.jsonl", "12 comparisons of 24 items"},    {"kto.jsonl", "12 thumbs of 12 items"},
      {"kto_10.csv", "12 thumbs of 12 items"},        {"kto_TF.csv", "12 thumbs of 12 items"},
      {"kto_TRUE.csv", "12 thumbs of 12 items"},      {"kto_tf.csv", "12 thumbs of 12 items"},
      {"kto_yn.csv", "12 thumbs of 12 items"},        {"kto_msgs.jsonl", "12 thumbs of 12 items"},
      {"label01.jsonl", "12 thumbs of 12 items"},     {"nfc.jsonl", "12 comparisons of 24 items"},
      {"rank_int.jsonl", "12 rankings of 36 items"},  {"rank_top1tie.jsonl", "12 rankings of 36 items"},
      {"rating_str.jsonl", "12 ratings of 12 items"}, {"rater_nan.csv", "by 1 rater;"},
      {"rater_nan.jsonl", "by nobody named;"},
  };
  for (const auto& [file, expected] : counts)
    EXPECT_TRUE(contains(folder.plumb({"feedback", "check", file}).out, expected)) << file;
  const std::vector<Json> thumbs = records_of(folder, "kto_yn.csv", {});
  ASSERT_EQ(thumbs.size(), 12u);
  EXPECT_EQ(thumbs[0].at("label"), false);
  EXPECT_EQ(thumbs[1].at("label"), true);
  const std::vector<Json> grades = records_of(
      folder, "helpsteer.jsonl", {"--column", "completion=response", "--column", "rating=helpfulness"});
  ASSERT_EQ(grades.size(), 12u);
  EXPECT_EQ(grades[0].at("rating"), 3);
}

// ---------------------------------------------------------------------------------- inputs of the test's own

TEST(Formats, AnAnswerThatTwoNamesUnderstandDifferentlyIsRefused) {
  const Folder folder;
  folder.write("swap.csv", "prompt,first,second,answer\nwhat is it,B,A,A\n");
  EXPECT_TRUE(contains(folder.plumb({"feedback", "check", "swap.csv"}).err, "--answer"));
  folder.write("columns.jsonl", R"({"prompt":"q q","out_b":"one answer","out_a":"another one","won":"a"})"
                                "\n");
  // The columns' letters would make "a" the second; the word says the first.
  EXPECT_EQ(folder
                .plumb({"feedback", "check", "columns.jsonl", "--column", "first=out_b", "--column",
                        "second=out_a", "--column", "answer=won"})
                .status,
            2);
  folder.write("named.jsonl", R"({"prompt":"q q","first":"gpt","second":"llama","answer":"llama"})"
                              "\n");
  const std::vector<Json> named = records_of(folder, "named.jsonl", {});
  ASSERT_EQ(named.size(), 1u);
  EXPECT_EQ(named[0].at("answer"), "second");
}

TEST(Formats, NobodyIsNotOnePerson) {
  const Folder folder;
  std::string rows = "prompt,first,second,answer,rater\n";
  for (const char* nobody : {"nan", "NaN", "NA", "N/A", "None", "null", "<NA>", " ", ""})
    rows += std::string("what is it,one thing,other thing,first,") + nobody + "\n";
  folder.write("nobody.csv", rows + "what is it,one thing,other thing,first,Nan Goldin\n");
  const Result result = folder.plumb({"feedback", "check", "nobody.csv"});
  EXPECT_TRUE(contains(result.out, "by 1 rater;")) << result.out;
  EXPECT_TRUE(contains(result.out, "read as nobody")) << result.out;
}

TEST(Formats, ContentsAreTextsOrPartsOfText) {
  const Folder folder;
  const auto pair = [](const std::string& content) {
    return R"({"prompt":"say it","chosen":[{"role":"assistant","content":)" + content +
           R"(}],"rejected":[{"role":"assistant","content":"no"}]})" + "\n";
  };
  folder.write("parts.jsonl", pair(R"([{"type":"text","text":"yes,"},{"type":"text","text":"sir"}])"));
  const std::vector<Json> records = records_of(folder, "parts.jsonl", {});
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(preferred(records[0]), "yes,\nsir");
  folder.write("image.jsonl", pair(R"([{"type":"image_url","image_url":"x"}])"));
  EXPECT_TRUE(contains(folder.plumb({"feedback", "check", "image.jsonl"}).err, "chosen.content"));
}

TEST(Formats, AreKnownByTheirKeysInOtherFilesToo) {
  const Folder folder;
  folder.write("a.csv", "history,human_ref_A,human_ref_B,labels\nwhat is it,one thing,other thing,1\n");
  EXPECT_TRUE(contains(folder.plumb({"feedback", "check", "a.csv"}).err, "found SHP"));
  folder.write("b.jsonl", R"({"question":"q q","quality":3})"
                          "\n");
  EXPECT_TRUE(contains(folder.plumb({"feedback", "check", "b.jsonl"}).err, "no key of a judgement"));
}

}  // namespace
}  // namespace plumb
