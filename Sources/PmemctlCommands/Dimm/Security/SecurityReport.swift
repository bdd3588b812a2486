import PmemDevice
import PmemOutput

/// The security of one DIMM, and what there is of key material for it.
struct SecurityReport {
  let dimm: DIMM
  let security: DimmSecurity

  init(_ dimm: DIMM, _ security: DimmSecurity) {
    self.dimm = dimm
    self.security = security
  }

  /// Which keys are here, in words.
  var keys: String {
    guard security.state != nil else { return "-" }
    guard let keys = security.keys else { return "only root may read it" }
    let found = [
      keys.hasCurrent ? "current" : nil, keys.hasPending ? "pending" : nil, keys.hasMaster ? "master" : nil,
    ]
    let words = found.compactMap(\.self)
    return words.isEmpty ? "none" : words.joined(separator: ", ")
  }

  /// A remark for people, without the DIMM's name; nil if nothing is wrong.
  var remark: String? {
    guard let keys = security.keys else { return nil }
    if keys.hasPending {
      return "a change of its passphrase was interrupted; the next one, or unlock, completes or drops it"
    }
    switch security.state {
    case .unlocked where !keys.hasCurrent, .locked where !keys.hasCurrent:
      return
        "its passphrase is not in \(keys.directory): its firmware has it, or the data are lost at the next power cycle"
    case .disabled where keys.hasCurrent: return "it has no passphrase, but \(keys.directory) holds one"
    default: return nil
    }
  }

  /// For `doctor`.
  var findings: [Diagnosis.Finding] {
    var findings: [Diagnosis.Finding] = []
    if security.state == .locked {
      findings.append(
        Diagnosis.Finding(
          .error, dimm.dev, "it is locked: its data cannot be accessed",
          try: ["pmemctl dimm security unlock \(dimm.dev)"]))
    }
    if security.state == .overwrite {
      findings.append(Diagnosis.Finding(.note, dimm.dev, "it is overwriting all its data"))
    }
    if let remark {
      findings.append(
        Diagnosis.Finding(.warning, dimm.dev, remark, try: ["pmemctl dimm security show \(dimm.dev)"]))
    }
    if security.isFrozen {
      findings.append(
        Diagnosis.Finding(.note, dimm.dev, "its security is frozen until the next power cycle"))
    }
    return findings
  }

  /// Keys: `dev`, `id`, `security`, `security_frozen`, `keys` {`current`, `pending`, `master`, `directory`}.
  var json: JSONObject {
    var object = JSONObject()
    object.add("dev", dimm.dev)
    object.add("id", dimm.id)
    object.add("security", security.state?.rawValue)
    if security.state != nil { object.add("security_frozen", security.isFrozen) }
    guard let keys = security.keys, security.state != nil else { return object }
    var material = JSONObject()
    material.add("current", keys.hasCurrent)
    material.add("pending", keys.hasPending)
    material.add("master", keys.hasMaster)
    material.add("directory", keys.directory)
    object.add("keys", material)
    return object
  }
}
