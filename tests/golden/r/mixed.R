# A mixed model over four time points, score ~ time point + (1 | person), by REML, with people who miss some of them.
# Made mixed.txt beside it: Rscript mixed.R > mixed.txt
suppressPackageStartupMessages({library(lme4); library(nlme)})
cat(R.version.string, "; lme4", as.character(packageVersion("lme4")), "; nlme", as.character(packageVersion("nlme")),
    "\n")
# Invented scores of 14 people before, halfway, after and at follow-up, in whole points. NA: did not answer.
wide <- rbind(
  c(21, 24, 27, 26), c(18, 19, 25, NA), c(30, NA, 29, 31), c(25, 27, NA, NA), c(14, NA, NA, NA), c(22, 21, 26, 25),
  c(NA, 28, 30, 29), c(NA, NA, 24, 27), c(17, 22, NA, 20), c(26, 26, 31, NA), c(19, NA, NA, NA), c(NA, NA, 33, NA),
  c(28, 30, 28, 32), c(23, NA, 22, 24))
# The same people's answers shuffled within time points, so that a person's scores are no more alike than others'.
shuffled <- cbind(wide[, 1], wide[c(14:1), 2], wide[c(5:14, 1:4), 3], wide[c(9:14, 1:8), 4])
for (name in c("wide", "shuffled")) {
  scores <- get(name)
  long <- na.omit(data.frame(person = factor(rep(seq_len(nrow(scores)), 4)), time = factor(rep(1:4, each = nrow(scores))),
                             score = as.vector(scores)))
  # The default of lme4 stops early, which shows in the seventh digit: its criterion is minimised once more.
  criterion <- lmer(score ~ time + (1 | person), long, devFunOnly = TRUE)
  ratio <- optimize(criterion, c(0, 10), tol = 1e-12)$minimum
  if (criterion(0) <= criterion(ratio)) ratio <- 0
  fit <- lmer(score ~ time + (1 | person), long, start = ratio,
              control = lmerControl(optimizer = NULL, check.conv.singular = "ignore"))
  cat(name, "lme4", sprintf("%.8f", c(sigma(fit)^2, as.numeric(VarCorr(fit)$person), fixef(fit)[2:4],
                                      sqrt(diag(as.matrix(vcov(fit))))[2:4])), "\n")
  same <- lme(score ~ time, long, ~ 1 | person, control = lmeControl(msTol = 1e-12, tolerance = 1e-12))
  cat(name, "nlme", sprintf("%.8f", c(same$sigma^2, as.numeric(VarCorr(same)[1, 1]), fixef(same)[2:4],
                                      sqrt(diag(same$varFix))[2:4])), "\n")
  cat(name, "scores", paste(as.vector(t(scores)), collapse = " "), "\n")
}
