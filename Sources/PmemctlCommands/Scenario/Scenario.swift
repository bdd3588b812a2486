import PmemDevice
import PmemModel
import PmemSim

/// A situation on a simulated machine, what is done in it, and what must come of it.
struct Scenario {
  /// A command line, without the program's name.
  struct Step {
    var line: Int
    var words: [String]
    var command: any ContextCommand
    var expectations: [Expectation] = []

    var text: String { words.joined(separator: " ") }
  }

  /// The expectation of a step. A step without any must complete at once, and violate nothing.
  enum Expectation: Hashable {
    case status(Int32)
    /// A process waits.
    case waits
    /// A process that waited continues.
    case wakes(Int)
    /// A process is killed by SIGBUS.
    case killed
    /// It fails, with these words in its message.
    case fails(String)
    case prints(String)
    case says(String)
    /// Something is as it must never be.
    case breaks(Invariant)
  }

  /// The possible results of its threads, over all orders of their steps.
  enum Exploration: Hashable {
    /// Nothing is broken, ever.
    case holds
    /// Some order breaks this.
    case breaks(Invariant)
  }

  struct Thread {
    var name: String
    var steps: [Step] = []
  }

  var file: String
  var about: [String] = []
  /// Whose argument it is, and the sentence.
  var citations: [String] = []
  /// Without any of these it would not come out like this.
  var rules: [ModelRule] = []
  /// Arguments of `sim create`, but for the directory.
  var machine: [String] = []
  var steps: [Step] = []
  var threads: [Thread] = []
  /// After the threads.
  var last: [Step] = []
  var explorations: [Exploration] = []
}

extension Scenario.Expectation {
  var text: String {
    switch self {
    case .status(let status): "status \(status)"
    case .waits: "waits"
    case .wakes(let pid): "wakes \(pid)"
    case .killed: "killed"
    case .fails(let words): "fails \(words)"
    case .prints(let words): "prints \(words)"
    case .says(let words): "says \(words)"
    case .breaks(let invariant): "breaks \(invariant.rawValue)"
    }
  }
}
