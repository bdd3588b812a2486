import PmemOutput
import PmemSim

extension SimViolation {
  static func json(_ violations: [SimViolation]) -> JSON {
    .array(
      violations.map { violation in
        var object = JSONObject()
        object.add("invariant", violation.invariant.rawValue)
        object.add("text", violation.text)
        return .object(object)
      })
  }
}
