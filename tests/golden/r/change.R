# Change of the same people: R's data set `sleep`, and a mixed model over lme4's `sleepstudy`.
# Made change.txt beside it: Rscript change.R > change.txt
suppressPackageStartupMessages({library(metafor); library(lme4)})
cat(R.version.string, "; metafor", as.character(packageVersion("metafor")),
    "; lme4", as.character(packageVersion("lme4")), "\n")
before <- sleep$extra[sleep$group == 1]
after <- sleep$extra[sleep$group == 2]
smcr <- escalc(measure = "SMCR", m1i = mean(after), m2i = mean(before), sd1i = sd(before), ni = length(before),
               ri = cor(before, after))
cat("SMCR", sprintf("%.10f", smcr$yi), "\n")
options(digits = 12)
whole <- lmer(Reaction ~ factor(Days) + (1 | Subject), sleepstudy)
cat("whole", sprintf("%.8f", c(sigma(whole)^2, as.numeric(VarCorr(whole)$Subject), fixef(whole)[2:10])), "\n")
cat("errors", sprintf("%.8f", sqrt(diag(vcov(whole)))[2:10]), "\n")
# Unbalanced: every third and every seventh row is not there.
rows <- seq_len(nrow(sleepstudy))
kept <- sleepstudy[rows %% 3 != 0 & rows %% 7 != 0, ]
part <- lmer(Reaction ~ factor(Days) + (1 | Subject), kept)
cat("part", sprintf("%.8f", c(nrow(kept), sigma(part)^2, as.numeric(VarCorr(part)$Subject), fixef(part)[2:10])), "\n")
cat("errors", sprintf("%.8f", sqrt(diag(vcov(part)))[2:10]), "\n")
cat("data", paste(sleepstudy$Reaction, collapse = " "), "\n")
