"""The samplers as compiled, which look at no argument: for code that made or checked their arguments itself.

The names and arguments are those of `sharpsim.sampling`. What those refuse gives a meaningless answer here, or none in time.
"""

from sharpsim._threefry import counter_pairs as counter_pairs
from sharpsim.sampling._adaptive_by_law import adaptive_by_law as adaptive_by_law
from sharpsim.sampling._adaptive_literal import adaptive_literal as adaptive_literal
from sharpsim.sampling._alias import draw_rows as draw_rows
from sharpsim.sampling._alias import draw_with_values as draw_with_values
from sharpsim.sampling._best_literal import best_literal as best_literal
from sharpsim.sampling._hazard_table import best_by_law as best_by_law
from sharpsim.sampling._inverse_cdf import draw_prompts as draw_prompts
from sharpsim.sampling._inverse_cdf import inverse_cdf_of_rows as inverse_cdf_of_rows
from sharpsim.sampling._kinds import DRAW as DRAW
from sharpsim.sampling._kinds import STEP as STEP
from sharpsim.sampling._kinds import fitting_stop as fitting_stop
from sharpsim.sampling._kinds import stop_in_time as stop_in_time
from sharpsim.sampling._traced import adaptive_by_law_traced as adaptive_by_law_traced
from sharpsim.sampling._traced import best_by_law_traced as best_by_law_traced
from sharpsim.sampling._traced import traced_ranking as traced_ranking
