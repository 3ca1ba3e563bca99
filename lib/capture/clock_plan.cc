#include "capture/clock_plan.h"

#include <array>

namespace tcpsnap::capture {
namespace {

constexpr std::string_view kTimesBelow = "times-below";
constexpr std::string_view kTimesAbove = "times-above";

[[noreturn]] void RefuseTime(const std::string& message) {
  throw CaptureError(Trouble::kNoTime, message);
}

std::string Quote(std::string_view text) {
  constexpr size_t kMost = 60;
  return "'" + std::string(text.substr(0, kMost)) + (text.size() > kMost ? "...'" : "'");
}

// "line 12: '...'", or "line 12" where a part of the line tells the time.
std::string Place(const PlacedTime& time) {
  return "line " + std::to_string(time.line) + (time.text.empty() ? "" : ": " + Quote(time.text));
}

bool GivesClock(const CaptureSettings& settings) {
  return settings.time_ms || settings.start_ms || settings.interval_ms;
}

// What the option is for, where a time has no date.
std::string Advice(const PlacedTime& time) {
  if (time.time.error != TimeError::kNoDate) {
    return std::string(TimeErrorSentence(time.time.error));
  }
  return time.time.partial && time.time.partial->has_day
             ? "the time has no year; say the day of the first one: --date 2026-11-22"
             : "the time has no date; say the day of the first one: --date 2026-11-22";
}

// False for words that say how the text or its times are found, not which of the times count.
bool PicksTimes(const std::string& layout) {
  return !layout.empty() && layout != kTimesBelow && layout != kTimesAbove && layout != "json" &&
         layout != "terminal";
}

// True for words by which no line's time counts.
bool IgnoresLines(const std::string& layout) {
  static constexpr std::array<std::string_view, 4> kWords = {"file-name", "date-file", "mtime",
                                                             "no-marker"};
  for (const std::string_view word : kWords) {
    if (layout == word) return true;
  }
  return false;
}

// What a --layout that met nothing has done.
std::string OnlyLayout(const CaptureSettings& settings) {
  if (!PicksTimes(settings.layout) || IgnoresLines(settings.layout)) return {};
  return "with --layout " + settings.layout + " alone ";
}

// The times of the lines.
std::optional<ClockPlan> PlanByText(const Survey& survey, const CaptureSettings& settings) {
  ClockPlan plan;
  plan.by_text = true;
  const bool below = survey.first_is_untimed && survey.ends_with_time && !survey.times_ms.empty();
  const bool one_each = below && survey.times_ms.size() == survey.moments;
  if (settings.layout == kTimesBelow) {
    if (!below) RefuseTime("no time stands below its last table; import it without --layout");
    plan.moment_times = survey.times_ms;
    plan.layout = kTimesBelow;
    return plan;
  }
  if (survey.timed == 0) {
    if (survey.broken) {
      RefuseTime(Place(*survey.broken) + ": " + Advice(*survey.broken) +
                 (GivesClock(settings) ? " (or --layout no-marker, to leave such times out)" : ""));
    }
    if (GivesClock(settings)) return std::nullopt;
    if (!one_each || survey.moments != 1) return std::nullopt;
    plan.moment_times = survey.times_ms;
    plan.layout = kTimesBelow;
    return plan;
  }
  if (survey.starts_with_table && settings.layout != kTimesAbove) {
    RefuseTime("its first table stands above its first time (" + Place(*survey.first_time) +
               "): if each time stands below its tables, say --layout times-below; if the time of "
               "the first one is lost, --layout times-above");
  }
  return plan;
}

// The times that nothing in the text tells.
void PlanByFile(const FileFacts& file, const CaptureSettings& settings, bool many,
                ClockPlan& plan) {
  const bool by_name = settings.layout.empty() || settings.layout == "file-name";
  const NameFacts name = by_name ? ReadFileName(file.path, settings.zone) : NameFacts{};
  if (name.time && !name.time->time) {
    RefuseTime("its name: " + std::string(TimeErrorSentence(name.time->error)));
  }
  if (name.time && (settings.time_ms || settings.start_ms)) {
    RefuseTime("the file's name has a time; import it without --time and --start");
  }
  const Bundle* const bundle = file.bundle;
  if (name.time) {
    plan.start_ms = name.time->time->utc_ms;
    plan.origin = TimeOrigin::kName;
    plan.layout = "file-name";
  } else if (settings.start_ms || settings.time_ms) {
    plan.start_ms = settings.time_ms ? *settings.time_ms : *settings.start_ms;
    plan.origin = TimeOrigin::kGiven;
    plan.layout = settings.time_ms ? "no-marker (--time)" : "no-marker (--start)";
  } else if (bundle != nullptr && bundle->date && bundle->date->time) {
    plan.start_ms = bundle->date->time->utc_ms;
    plan.origin = TimeOrigin::kDateFile;
    plan.layout = "date-file";
  } else if (bundle != nullptr && bundle->date) {
    RefuseTime("the date file of its bundle: " +
               std::string(TimeErrorSentence(bundle->date->error)));
  } else if (bundle != nullptr && !bundle->unreadable_date.empty() && settings.layout != "mtime") {
    RefuseTime("the date file of its bundle can't be read: " + Quote(bundle->unreadable_date) +
               "; say when it was taken: --time '2026-11-22 07:37:27'");
  } else if (file.mtime_ms && !many && (file.in_archive || settings.layout == "mtime")) {
    plan.start_ms = *file.mtime_ms;
    plan.origin = TimeOrigin::kMtime;
    plan.layout = "mtime";
  } else if (many) {
    RefuseTime(
        OnlyLayout(settings) +
        "no line of the file tells a time; say when it began and how far its dumps are apart: "
        "--start '2026-11-22 07:37:27' --interval 60s");
  } else {
    RefuseTime(
        "neither the file nor its name tells a time; say when it was taken: --time "
        "'2026-11-22 07:37:27'" +
        std::string(file.mtime_ms ? " (or --layout mtime, if it was then last changed)" : ""));
  }
}

}  // namespace

SplitSettings MakeSplitSettings(const CaptureSettings& settings) {
  SplitSettings split;
  split.zone = settings.zone;
  split.date = settings.date;
  split.start_ms = settings.start_ms;
  if (PicksTimes(settings.layout)) split.layout = settings.layout;
  if (settings.host_pattern) {
    split.host_of_path = [pattern = *settings.host_pattern](std::string_view path) {
      const std::optional<HostName> name = pattern.Match(path);
      return name ? name->host : std::string();
    };
  }
  return split;
}

void RefuseManyMoments(const ClockPlan& plan, const CaptureSettings& settings) {
  RefuseTime("the file holds several dumps and no line tells their times" +
             std::string(plan.origin == TimeOrigin::kName ? " (its name tells one)" : "") +
             "; say how far they are apart: --interval 60s" +
             (settings.time_ms ? ", with --start instead of --time" : ""));
}

ClockPlan MakeClockPlan(const FileFacts& file, const Survey& survey,
                        const CaptureSettings& settings) {
  if (!survey.has_dumps) {
    ClockPlan plan;  // every row of it is refused
    plan.by_text = survey.first_time.has_value();
    return plan;
  }
  const bool is_relative = survey.counts_from_start && survey.timed > 0;
  if (is_relative && settings.start_ms && !settings.time_ms && !settings.interval_ms) {
    ClockPlan plan;
    plan.by_text = true;
    return plan;
  }
  if (survey.first_time && survey.timed > 0) {
    // One `date` above a loop that prints none.
    if (survey.times == 1 && survey.moments > 1 && settings.interval_ms && !settings.time_ms &&
        !settings.start_ms) {
      ClockPlan plan;
      plan.start_ms = survey.first_time->time.time->utc_ms;
      plan.interval_ms = *settings.interval_ms;
      plan.layout = "one time above many dumps (--interval)";
      return plan;
    }
  }
  if (is_relative && GivesClock(settings)) {
    RefuseTime("the file's times count from the start; import it without --time and --interval");
  }
  if (survey.timed > 0 && GivesClock(settings)) {
    RefuseTime("the file has times of its own" +
               (survey.first_time ? " (" + Place(*survey.first_time) + ")" : std::string()) +
               "; import it without --time, --start and --interval");
  }
  if (const std::optional<ClockPlan> plan = PlanByText(survey, settings)) return *plan;
  ClockPlan plan;
  // A table that somebody put together by hand; a header is lost with what stands around it.
  plan.is_one_read = survey.moments > 1 && survey.headers == 1 && settings.time_ms &&
                     !settings.interval_ms && survey.prefixes.empty();
  const bool many = survey.moments > 1 && !plan.is_one_read;
  plan.interval_ms = settings.interval_ms.value_or(0);
  PlanByFile(file, settings, many, plan);
  if (many && plan.interval_ms == 0) RefuseManyMoments(plan, settings);
  return plan;
}

}  // namespace tcpsnap::capture
