"""The Minimum Income Standard: budgets, lines, composition, income, shortfall and their ranges."""
