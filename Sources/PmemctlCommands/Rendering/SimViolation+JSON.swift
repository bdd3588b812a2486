import PmemOutput
import PmemModel
import PmemSim

extension Violation {
  static func json(_ violations: [Violation]) -> JSON {
    .array(
      violations.map { violation in
        var object = JSONObject()
        object.add("invariant", violation.invariant.rawValue)
        object.add("text", violation.text)
        return .object(object)
      })
  }
}
