import Foundation
import TestSupport

/// Compares what pmemctl says with what ndctl says, for every key that both have.
enum NdctlOracle {
  /// The differences between `status --json` and ndctl; none where both agree.
  static func differences(from status: Any) throws -> [String] {
    let theirs = try run("/usr/bin/ndctl", ["list", "-RNDBXCvvv"]).json
    guard let buses = (status as? [String: Any])?["buses"], let theirs else {
      return ["one of the two printed no JSON"]
    }
    return compare(buses, theirs, at: "buses")
  }

  private static func compare(_ ours: Any, _ theirs: Any, at place: String) -> [String] {
    if let ours = ours as? [Any], let theirs = theirs as? [Any] {
      return compare(lists: ours, theirs, at: place)
    }
    if let ours = ours as? [String: Any], let theirs = theirs as? [String: Any] {
      return Set(ours.keys).intersection(theirs.keys).sorted().flatMap { key in
        compare(ours[key] ?? "", theirs[key] ?? "", at: "\(place).\(key)")
      }
    }
    return "\(ours)" == "\(theirs)" ? [] : ["\(place): pmemctl says \(ours), ndctl says \(theirs)"]
  }

  /// Things are matched by name: ndctl's order is the kernel's directory order.
  private static func compare(lists ours: [Any], _ theirs: [Any], at place: String) -> [String] {
    guard let first = theirs.first as? [String: Any],
      let key = ["dev", "chardev", "dimm", "mode"].first(where: { first[$0] != nil })
    else { return "\(ours)" == "\(theirs)" ? [] : ["\(place): pmemctl says \(ours), ndctl says \(theirs)"] }
    func names(_ list: [Any]) -> [String: [String: Any]] {
      var found: [String: [String: Any]] = [:]
      for case let element as [String: Any] in list { found["\(element[key] ?? "")"] = element }
      return found
    }
    let left = names(ours)
    let right = names(theirs)
    guard Set(left.keys) == Set(right.keys), ours.count == theirs.count else {
      return ["\(place): pmemctl has \(left.keys.sorted()), ndctl has \(right.keys.sorted())"]
    }
    return left.keys.sorted().flatMap { compare(left[$0] ?? [:], right[$0] ?? [:], at: "\(place)[\($0)]") }
  }
}
