import ArgumentParser
import PmemDevice
import PmemModel
import PmemSim

/// Reads a scenario file. Every command line in it is parsed before any is run.
///
/// ```
/// about: one sentence
/// cite: who, when, where: "the sentence"
/// rule: truncate-checks-pins
/// machine: --dimm 256MiB --kernel 6.18
///
/// namespace create --mode fsdax
/// sim truncate 100 /mnt/a --size 0
///   -> waits
///
/// thread nic:
///   sim dma 1
/// explore: holds
/// ```
struct ScenarioParser {
  private var scenario: Scenario
  /// The parser of command lines.
  private let root: any ParsableCommand.Type
  private var thread: Int?

  /// Bytes of a file, and lines of it: after each step, all that runs on the machine is compared with what ran before.
  static let mostBytes = 1 << 20
  private static let mostLines = 2000
  /// Bytes of a line, and words of a command line: the time to parse one grows with their square.
  private static let longestLine = 4096
  private static let mostWords = 128

  /// - Parameters:
  ///   - bytes: The text, UTF-8.
  ///   - file: Its name, for messages.
  ///   - root: The parser of command lines.
  /// - Returns: The scenario, nothing of which was run.
  /// - Throws: ``DeviceError/Code/corrupt`` with file and line, also for a step that would write outside the scenario's
  ///   own machine.
  static func parse(
    _ bytes: [UInt8], file: String, by root: any ParsableCommand.Type
  ) throws(DeviceError) -> Scenario {
    var parser = ScenarioParser(scenario: Scenario(file: file), root: root)
    guard bytes.count <= mostBytes else { throw parser.misfit(1, "the file is larger than 1 MiB") }
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      guard line.count <= longestLine else {
        throw parser.misfit(index + 1, "the line is longer than \(longestLine) bytes")
      }
      guard let text = String(validating: line, as: UTF8.self) else {
        throw parser.misfit(index + 1, "it is not UTF-8")
      }
      guard index < mostLines else {
        throw parser.misfit(index + 1, "there are more than \(mostLines) lines")
      }
      try parser.read(text[...], number: index + 1)
    }
    guard !parser.scenario.machine.isEmpty else {
      throw parser.misfit(1, "there is no line \"machine: --dimm SIZE ...\"")
    }
    return parser.scenario
  }

  private mutating func read(_ raw: Substring, number: Int) throws(DeviceError) {
    let isIndented = raw.first == " " || raw.first == "\t"
    let line = Self.trimmed(raw)
    guard !line.isEmpty, !line.hasPrefix("#") else { return }
    if line.hasPrefix("->") {
      return try addExpectation(Self.trimmed(line.dropFirst(2)), number)
    }
    if !isIndented {
      thread = nil
      if let colon = line.firstIndex(of: ":"),
        let done = try directive(
          String(line[..<colon]), Self.trimmed(line[line.index(after: colon)...]), number), done
      {
        return
      }
    }
    try add(try step(line, number))
  }

  private static func trimmed(_ text: Substring) -> Substring {
    let start = text.drop { $0 == " " || $0 == "\t" || $0 == "\r" }
    guard let last = start.lastIndex(where: { $0 != " " && $0 != "\t" && $0 != "\r" }) else { return "" }
    return start[...last]
  }

  private func misfit(_ number: Int, _ reason: String, _ details: [String] = []) -> DeviceError {
    DeviceError(.corrupt, "\(scenario.file), line \(number): \(reason)", details: details)
  }

  // MARK: Lines

  /// - Returns: nil, or false, if the line is no directive.
  private mutating func directive(
    _ name: String, _ value: Substring, _ number: Int
  ) throws(DeviceError) -> Bool? {
    switch name {
    case "about": scenario.about.append(String(value))
    case "cite": scenario.citations.append(String(value))
    case "rule":
      guard let rule = ModelRule(rawValue: String(value)) else {
        throw misfit(
          number, "there is no rule \"\(value)\"",
          [ModelRule.allCases.map(\.rawValue).joined(separator: ", ")])
      }
      scenario.rules.append(rule)
    case "machine":
      guard scenario.machine.isEmpty else { throw misfit(number, "there is one machine already") }
      scenario.machine = try words(value, number)
      try checkMachine(number)
    case "explore": scenario.explorations.append(try exploration(value, number))
    case let head where head.hasPrefix("thread "):
      guard value.isEmpty else { throw misfit(number, "the steps of a thread are lines of their own") }
      scenario.threads.append(Scenario.Thread(name: String(head.dropFirst(7))))
      thread = scenario.threads.count - 1
    default: return false
    }
    return true
  }

  private func exploration(_ value: Substring, _ number: Int) throws(DeviceError) -> Scenario.Exploration {
    if value == "holds" { return .holds }
    if value.hasPrefix("breaks ") { return .breaks(try invariant(value.dropFirst(7), number)) }
    throw misfit(number, "explore: holds, or explore: breaks INVARIANT")
  }

  private func invariant(_ name: Substring, _ number: Int) throws(DeviceError) -> Invariant {
    guard let found = Invariant(rawValue: String(name)) else {
      throw misfit(
        number, "there is no invariant \"\(name)\"",
        [Invariant.allCases.map(\.rawValue).joined(separator: ", ")])
    }
    return found
  }

  /// Refuses what `sim create` would.
  private func checkMachine(_ number: Int) throws(DeviceError) {
    do {
      let parsed = try root.parseAsRoot(["sim", "create", "machine"] + scenario.machine)
      guard let create = parsed as? any MachineDescription, !create.dryRun else {
        throw misfit(number, "the line has more than the options of sim create")
      }
      do throws(DeviceError) { _ = try create.topology } catch {
        throw misfit(number, error.summary, error.details)
      }
    } catch let error as DeviceError {
      throw error
    } catch {
      throw misfit(number, "it describes no machine", [root.message(for: error)])
    }
  }

  private func step(_ line: Substring, _ number: Int) throws(DeviceError) -> Scenario.Step {
    let words = try words(line, number)
    do {
      guard let command = try root.parseAsRoot(words) as? any ContextCommand else {
        throw misfit(number, "\"\(line)\" is not a command that can be run")
      }
      if let problem = ScenarioConfinement.problem(of: command, words) {
        throw misfit(number, problem, [String(line)])
      }
      return Scenario.Step(line: number, words: words, command: command)
    } catch let error as DeviceError {
      throw error
    } catch {
      throw misfit(number, "\"\(line)\" is not a command", [root.message(for: error)])
    }
  }

  private mutating func add(_ step: Scenario.Step) throws(DeviceError) {
    if let thread {
      scenario.threads[thread].steps.append(step)
    } else if scenario.threads.isEmpty {
      scenario.steps.append(step)
    } else {
      scenario.last.append(step)
    }
  }

  private mutating func addExpectation(_ text: Substring, _ number: Int) throws(DeviceError) {
    let expectation = try expectation(text, number)
    if let thread, !scenario.threads[thread].steps.isEmpty {
      scenario.threads[thread].steps[scenario.threads[thread].steps.count - 1].expectations.append(
        expectation)
    } else if !scenario.last.isEmpty {
      scenario.last[scenario.last.count - 1].expectations.append(expectation)
    } else if scenario.threads.isEmpty, !scenario.steps.isEmpty {
      scenario.steps[scenario.steps.count - 1].expectations.append(expectation)
    } else {
      throw misfit(number, "there is no command before it")
    }
  }

  private func expectation(_ text: Substring, _ number: Int) throws(DeviceError) -> Scenario.Expectation {
    let word = text.prefix { $0 != " " }
    let rest = Self.trimmed(text.dropFirst(word.count))
    switch (word, rest.isEmpty) {
    case ("waits", true): return .waits
    case ("killed", true): return .killed
    case ("fails", _): return .fails(String(rest))
    case ("prints", false): return .prints(String(rest))
    case ("says", false): return .says(String(rest))
    case ("breaks", false): return .breaks(try invariant(rest, number))
    case ("wakes", false): if let pid = Int(rest) { return .wakes(pid) }
    case ("status", false): if let status = Int32(rest) { return .status(status) }
    default: break
    }
    throw misfit(
      number, "\"-> \(text)\" is not known",
      [
        "valid values: waits, wakes PID, killed, fails TEXT, status N, prints TEXT, says TEXT, breaks INVARIANT"
      ])
  }

  /// Splits a line as a shell would: quotes keep words together, a backslash keeps a character as it is.
  private func words(_ line: Substring, _ number: Int) throws(DeviceError) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var isEscaped = false
    for character in line {
      if isEscaped {
        word = (word ?? "") + String(character)
        isEscaped = false
      } else if character == "\\", quote != "'" {
        isEscaped = true
      } else if let open = quote {
        if character == open { quote = nil } else { word = (word ?? "") + String(character) }
      } else if character == "'" || character == "\"" {
        quote = character
        word = word ?? ""
      } else if character == " " || character == "\t" {
        if let done = word { words.append(done) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    guard quote == nil, !isEscaped else { throw misfit(number, "a quote is not closed") }
    if let done = word { words.append(done) }
    guard words.count <= Self.mostWords else {
      throw misfit(number, "it has more than \(Self.mostWords) words")
    }
    return words
  }
}
