// What the document's examples show. A test checks each of them against the schemas.

export const BUDGET = {
  period: "month",
  neurons: 1000000,
  letsHighThrough: false,
  ownerId: "newsroom",
  spentNeurons: 41250.5,
  reservedNeurons: 172.8,
  remainingNeurons: 958576.7,
  share: 0.0414233,
  resetsAt: "2026-12-01T00:00:00.000Z",
};

export const BUDGETS = { budgets: [BUDGET] };

export const BUDGET_REQUEST = { neurons: 1000000 };
