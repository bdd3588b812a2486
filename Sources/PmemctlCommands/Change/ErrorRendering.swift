import ArgumentParser
import PmemDevice
import PmemOutput

/// Turns errors into text and an exit status: neither is decided in any other file.
struct ErrorRendering {
  private let context: CommandContext

  init(_ context: CommandContext) { self.context = context }

  func report(_ error: any Error) -> ExitStatus {
    switch error {
    case let error as DeviceError:
      say(error)
      return ExitStatus(error.code)
    case is ChangesPending: return .changesPending
    case is ChangeDeclined:
      context.note("nothing was changed")
      return .failed
    case let error as AfterChange: return report(after: error.cause)
    case let error as OutputError:
      // A second failure, of standard error, cannot be reported.
      try? context.err.write("pmemctl: \(error)\n")
      return .failed
    default:
      return reportParsing(error)
    }
  }

  /// The failure is the answer; the change stands.
  private func report(after error: any Error) -> ExitStatus {
    let known = error as? DeviceError ?? DeviceError(.failed, "\(error)")
    say(OutcomeRendering.afterChange(known))
    return .failed
  }

  private func say(_ error: DeviceError) {
    guard !context.wantsJSON else {
      try? context.err.write(JSON.object(json(error)).line)
      return
    }
    var text = "pmemctl: \(error.summary.sanitized)\n"
    for detail in error.details { text += "  \(detail.sanitized)\n" }
    for suggestion in error.suggestions { text += "  try: \(context.text(suggestion).sanitized)\n" }
    try? context.err.write(text)
  }

  /// One line: `code` (the exit status), `class`, `message`, `details`, and `suggestions`, each a list of arguments.
  private func json(_ error: DeviceError) -> JSONObject {
    var object = JSONObject()
    object.add("code", Int(ExitStatus(error.code).rawValue))
    object.add("class", error.code.rawValue)
    object.add("message", error.summary)
    object.add("details", error.details.map(JSON.string))
    object.add("suggestions", error.suggestions.flatMap(context.words).map { .array($0.map(JSON.string)) })
    return object
  }

  /// Help and version are answers; everything else that ArgumentParser throws is wrong usage.
  private func reportParsing(_ error: any Error) -> ExitStatus {
    let text = context.root.fullMessage(for: error)
    guard context.root.exitCode(for: error) == .success else {
      if context.wantsJSON {
        let first = Self.renamed(text).split(separator: "\n").first ?? "pmemctl: wrong usage"
        say(DeviceError(.usage, String(first.dropFirst("pmemctl: ".count))))
        return .usage
      }
      try? context.err.write(Self.renamed(text))
      return .usage
    }
    do {
      try context.out.write(text.hasSuffix("\n") ? text : text + "\n")
      return .done
    } catch {
      return report(error)
    }
  }

  private static func renamed(_ text: String) -> String {
    let prefix = "Error: "
    let body = text.hasPrefix(prefix) ? "pmemctl: " + text.dropFirst(prefix.count) : text
    return body.hasSuffix("\n") ? body : body + "\n"
  }
}

/// There is something to do, which the answer has listed: no failure, and a status of its own.
struct ChangesPending: Error {}
