// docs/feedback.md against what the reader does: every format that is known by its keys has a row, its command
// reads an input of that format rightly, and the message of a file without the command names it.
#include "formats.h"

#include "data/feedback_known.h"

namespace plumb {
namespace {

struct Sample {
  const char *format, *file, *text, *read;
  std::size_t raters;
};

// One of each format, with what such files have beside the plain case.
const Sample kSamples[] = {
    {"hh-rlhf", "f.jsonl",
     R"j({"chosen":"\n\nHuman: why?\n\nAssistant: good one","rejected":"\n\nHuman: why?\n\nAssistant: bad one"}
)j",
     "good>bad", 0},
    {"TRL, DPO", "f.jsonl", R"j({"prompt":"why not","chosen":"good one","rejected":"bad one"}
{"prompt":[{"role":"user","content":"so"}],"chosen":[{"role":"assistant","content":[{"type":"text","text":"good 2"}]}],"rejected":[{"role":"assistant","content":"bad 2"}]}
)j",
     "good>bad good>bad", 0},
    {"TRL, KTO", "f.csv", "prompt,completion,label\nwhy not,good one,TRUE\nwhy not,bad one,no\n", "good+ bad-",
     0},
    {"pairs under a question", "f.jsonl",
     R"j({"system":"","question":"why not","chosen":"good one","rejected":"bad one"}
)j",
     "good>bad", 0},
    {"SHP", "f.jsonl",
     R"j({"history":"why not","human_ref_A":"good one","human_ref_B":"bad one","labels":1,"score_A":9,"score_B":2}
{"history":"so what","human_ref_A":"bad one","human_ref_B":"good one","labels":0,"score_A":2,"score_B":9}
)j",
     "good>bad good>bad", 0},
    {"PKU-SafeRLHF", "f.jsonl",
     R"j({"prompt":"why not","response_0":"bad one","response_1":"good one","better_response_id":1,"safer_response_id":0}
{"prompt":"so what","response_0":"good one","response_1":"bad one","better_response_id":0,"safer_response_id":1}
)j",
     "good>bad good>bad", 0},
    {"HelpSteer", "f.jsonl",
     R"j({"prompt":"why not","response":"good one","helpfulness":4,"correctness":3,"coherence":1}
)j",
     "good:4", 0},
    {"HelpSteer2 preferences", "f.jsonl",
     R"j({"prompt":"why not","response_1":"bad one","response_2":"good one","preference_strength":1}
{"prompt":"so what","response_1":"good one","response_2":"bad one","preference_strength":-2}
{"prompt":"and then","response_1":"same one","response_2":"other one","preference_strength":0}
)j",
     "good>bad good>bad same=other", 0},
    {"AlpacaEval annotations", "f.json",
     R"j([{"instruction":"why not","output_1":"bad one","output_2":"good one","annotator":"m","preference":2.0},
{"instruction":"so what","output_1":"good one","output_2":"bad one","annotator":"m","preference":1}])j",
     "good>bad good>bad", 1},
    {"Chatbot Arena votes without texts", "f.json",
     R"j([{"model_a":"bad","model_b":"good","winner":"model_b","judge":"u1"},
{"model_a":"good","model_b":"bad","winner":"model_a","judge":"u2"},
{"model_a":"bad","model_b":"good","winner":"tie (bothbad)","judge":"u2"}])j",
     "good>bad good>bad bad=good", 2},
    {"Label Studio's JSON-MIN", "f.json",
     R"j([{"prompt":"why not","answer1":"bad one","answer2":"good one","cmp":"right","annotator":4,"annotation_id":1},
{"prompt":"why not","answer1":"bad one","answer2":"good one","cmp":"left","annotator":5,"annotation_id":2}])j",
     "good>bad bad>good", 2},
    {"Label Studio's nested JSON", "f.json",
     R"j([{"data":{"prompt":"why not","answer1":"bad one","answer2":"good one"},"annotations":[
{"completed_by":{"id":7},"was_cancelled":false,"result":[{"type":"pairwise","value":{"selected":"right"}},{"type":"textarea","value":{"text":["x"]}}]},
{"completed_by":8,"was_cancelled":true,"result":[{"type":"pairwise","value":{"selected":"left"}}]},
{"completed_by":9,"was_cancelled":false,"result":[]}]}])j",
     "good>bad", 1},
    // The first turn is judged without the second; the second with both.
    {"Chatbot Arena or MT-bench with conversations", "f.jsonl",
     R"j({"model_a":"x","model_b":"y","winner":"model_b","judge":"e","turn":1,"conversation_a":[{"role":"user","content":"why"},{"role":"assistant","content":"bad"},{"role":"user","content":"so"},{"role":"assistant","content":"one"}],"conversation_b":[{"role":"user","content":"why"},{"role":"assistant","content":"good"},{"role":"user","content":"so"},{"role":"assistant","content":"two"}]}
{"model_a":"x","model_b":"y","winner":"model_a","judge":"f","turn":2,"conversation_a":[{"role":"user","content":"why"},{"role":"assistant","content":"same"},{"role":"user","content":"so"},{"role":"assistant","content":"better"}],"conversation_b":[{"role":"user","content":"why"},{"role":"assistant","content":"same"},{"role":"user","content":"so"},{"role":"assistant","content":"worse"}]}
)j",
     "good>bad better>worse", 2},
    {"a table of Chatbot Arena", "f.csv",
     R"j(id,model_a,model_b,prompt,response_a,response_b,winner_model_a,winner_model_b,winner_tie
1,x,y,"[""why"", ""so""]","[""bad, one"", ""b""]","[""good"", ""c""]",0,1,0
2,x,y,"[""what""]","[""good""]","[""bad""]",1.0,0.0,0.0
3,x,y,"[""then""]","[""same""]","[""other""]",0,0,1
)j",
     "good>bad, good>bad same=other", 0},
    // Rows, as the site has them, and columns, as data sets have them; discarded answers do not count.
    {"Argilla 1", "f.jsonl",
     R"j({"prompt":"why not","response1":"bad one","response2":"good one","label":[{"user_id":"u","value":"response2","status":"submitted"},{"user_id":"v","value":"response1","status":"discarded"}]}
{"prompt":"so what","response1":"good one","response2":"bad one","label":{"user_id":["u","w"],"value":["response1","response1"],"status":["submitted","submitted"]}}
)j",
     "good>bad good>bad good>bad", 2},
    {"Argilla 2, nested", "f.json",
     R"j([{"id":"1","fields":{"prompt":"why not","response_a":"bad one","response_b":"good one"},"suggestions":{},"responses":{"preference":[{"value":"response_b","user_id":"u"},{"value":"response_b","user_id":"v"}]}},
{"id":"2","fields":{"prompt":"so what","response_a":"bad one","response_b":"good one"},"suggestions":{},"responses":{}}])j",
     "good>bad good>bad", 2},
    {"Argilla 2, flat", "f.jsonl",
     R"j({"prompt":"why not","response_a":"bad one","response_b":"good one","preference.responses":["response_b","response_a"],"preference.responses.users":["u","v"],"preference.responses.status":["submitted","draft"]}
)j",
     "good>bad", 1},
    {"OASST trees", "f.jsonl",
     R"j({"message_tree_id":"t","prompt":{"message_id":"m","text":"why","role":"prompter","user_id":"p","replies":[{"message_id":"a","text":"worst","role":"assistant","rank":2,"replies":[]},{"message_id":"b","text":"best","role":"assistant","rank":0,"replies":[{"message_id":"c","text":"so","role":"prompter","rank":0,"replies":[{"message_id":"e","text":"good","role":"assistant","rank":0,"replies":[]},{"message_id":"d","text":"bad","role":"assistant","rank":1,"replies":[]}]},{"message_id":"g","text":"or","role":"prompter","rank":1,"replies":[]}]},{"message_id":"f","text":"middle","role":"assistant","rank":1,"replies":[]}]}}
)j",
     "best>middle>worst good>bad", 0},
    {"OASST messages", "f.jsonl",
     R"j({"message_id":"m","parent_id":null,"text":"why","role":"prompter","rank":null,"user_id":"p"}
{"message_id":"a","parent_id":"m","text":"bad","role":"assistant","rank":1,"user_id":"q"}
{"message_id":"b","parent_id":"m","text":"good","role":"assistant","rank":0,"user_id":"r"}
{"message_id":"c","parent_id":"b","text":"so","role":"prompter","rank":null,"user_id":"p"}
{"message_id":"d","parent_id":"c","text":"alone","role":"assistant","rank":0,"user_id":"p"}
)j",
     "good>bad", 0},
    {"UltraFeedback", "f.jsonl",
     R"j({"instruction":"why not","completions":[{"response":"good one","annotations":{},"overall_score":2,"fine-grained_score":4.5},{"response":"bad one","annotations":{},"overall_score":10,"fine-grained_score":1}]}
)j",
     "good:4.5 bad:1", 0},
    {"summarize-from-feedback", "f.jsonl",
     R"j({"info":{"post":null,"article":"an article"},"summaries":[{"text":"bad one"},{"text":"good one"}],"choice":1,"worker":"w"}
{"info":{"post":"a post"},"summaries":[{"text":"good one"},{"text":"bad one"}],"choice":0,"worker":"v"}
)j",
     "good>bad good>bad", 2},
    {"WebGPT comparisons", "f.jsonl",
     R"j({"question":{"full_text":"why not"},"answer_0":"bad one","score_0":-0.4,"answer_1":"good one","score_1":0.4}
{"question":"so what","answer_0":"same one","score_0":0,"answer_1":"other one","score_1":0}
)j",
     "good>bad same=other", 0},
    {"Nectar", "f.jsonl",
     R"j({"prompt":"\n\nHuman: why\n\nAssistant: ","answers":[{"answer":"worst one","rank":3.0},{"answer":"best one","rank":1.0},{"answer":"good one","rank":2.0},{"answer":"fine one","rank":2.0}]}
)j",
     "best>fine=good>worst", 0},
};

bool is_known(const std::string& name) {
  for (const KnownFormat& format : known_formats())
    if (format.name == name) return true;
  return false;
}

TEST(DocumentedFormats, HaveARowACommandAndASampleEach) {
  const auto documented = documented_formats();
  std::set<std::string> sampled;
  for (const Sample& sample : kSamples) sampled.insert(sample.format);
  for (const KnownFormat& format : known_formats())
    EXPECT_EQ(documented.count(std::string(format.name)), 1u) << format.name;
  for (const auto& [name, command] : documented) {
    EXPECT_NE(command, "") << name << " has no lines";
    EXPECT_EQ(sampled.count(name), 1u) << name << " has no sample";
  }
  EXPECT_EQ(sampled.size(), documented.size());
}

TEST(DocumentedFormats, AreReadRightlyByTheirCommands) {
  const auto documented = documented_formats();
  std::string left_out;
  for (const Sample& sample : kSamples) {
    const std::string command = documented.at(sample.format);
    if (command.starts_with("jq ") && !has_jq()) {
      left_out += std::string(" ") + sample.format + ";";
      continue;
    }
    const Folder folder;
    folder.write(sample.file, sample.text);
    const Told read = told(folder, command, sample.file);
    EXPECT_EQ(in_short(read), sample.read) << sample.format;
    EXPECT_EQ(raters_of(read), sample.raters) << sample.format;
  }
  if (!left_out.empty()) GTEST_SKIP() << "no jq for" << left_out;
}

TEST(DocumentedFormats, AreNamedInOneLineWhereTheCommandIsNotGiven) {
  constexpr std::size_t kLongest = 220;
  const auto documented = documented_formats();
  for (const Sample& sample : kSamples) {
    const Folder folder;
    folder.write(sample.file, sample.text);
    const Result result = folder.plumb({"feedback", "check", sample.file});
    if (!is_known(sample.format)) {
      EXPECT_EQ(result.status, 0) << sample.format << result.err;
      continue;
    }
    EXPECT_EQ(result.status, 2) << sample.format;
    EXPECT_TRUE(contains(result.err, std::string("form: found ") + sample.format + ", expected "))
        << result.err;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_LE(result.err.size(), kLongest) << result.err;
    // What the message tells to add is what the page has.
    std::istringstream words(result.err);
    for (std::string word; words >> word;)
      if (contains(word, "=") && !contains(word, "...")) {
        EXPECT_TRUE(contains(documented.at(sample.format), word)) << sample.format << ": " << word;
      }
  }
}

}  // namespace
}  // namespace plumb
