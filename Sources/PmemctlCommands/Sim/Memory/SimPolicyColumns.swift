import PmemModel
import PmemOutput
import PmemSim

/// The columns of `sim policy list`.
enum SimPolicyColumns {
  static let all: [TableColumn<SimWorkload.PolicyState>] = [
    TableColumn("policy") { .text($0.policy.rawValue) },
    TableColumn("in-force") { .text($0.choice) },
    TableColumn("by", rank: 2) { .text($0.isChosen ? "choice" : "kernel") },
    TableColumn("choices", isShortenable: true) { .text($0.policy.choices.joined(separator: ", ")) },
  ]
}
