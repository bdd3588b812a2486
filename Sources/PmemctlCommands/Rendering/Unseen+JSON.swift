import PmemDevice
import PmemOutput

extension Unseen {
  /// Keys: `part`, `reason`, `remedy`, `namespaces` [empty for all].
  var json: JSONObject {
    var object = JSONObject()
    object.add("part", part.rawValue)
    object.add("reason", reason)
    object.add("remedy", remedy)
    object.add("namespaces", namespaces.map(JSON.string))
    return object
  }
}

extension [Unseen] {
  /// Keys: `complete`, `missing` [as ``Unseen/json``].
  func add(to object: inout JSONObject) {
    object.add("complete", isEmpty)
    object.add("missing", map { .object($0.json) })
  }

  /// The last element of a list that is incomplete: a reader that takes an empty list for "not in use" never gets one.
  /// nil for a complete list.
  var element: JSONObject? {
    guard !isEmpty else { return nil }
    var object = JSONObject()
    add(to: &object)
    return object
  }
}
