/// A precondition of a plan that does not hold. All of a plan are named at once.
struct FailedPrecondition {
  var text: String
  var suggestion: Suggestion?

  init(_ text: String, _ suggestion: Suggestion? = nil) {
    self.text = text
    self.suggestion = suggestion
  }

  /// - Throws: ``DeviceError/Code/failed`` with all of them, if there are any.
  static func refuse(_ title: String, _ problems: [FailedPrecondition]) throws(DeviceError) {
    guard let first = problems.first else { return }
    throw DeviceError(
      .failed,
      "cannot \(title): \(problems.count == 1 ? first.text : "\(problems.count) preconditions fail")",
      details: (problems.count == 1 ? [] : problems.map(\.text)) + ["nothing was changed"],
      try: problems.compactMap(\.suggestion).reduce(into: []) { list, next in
        if !list.contains(next) { list.append(next) }
      })
  }
}
