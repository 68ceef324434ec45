"""What the rules found of a patient: facts gathered, rules applied, results kept, alerts raised."""
