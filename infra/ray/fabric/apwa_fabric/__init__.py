"""The fabric: what runs on a Ray cluster in the executor's name. It places the members of pools on nodes, supervises
them, and tells of their ends; and it runs functions of plans. It holds no state of a run."""
