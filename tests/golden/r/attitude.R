# Alpha, Feldt's interval, one-factor omega and item-rest correlations of R's own data set `attitude` (30 x 7).
# Run: Rscript attitude.R > attitude.txt
library(psych)
options(digits = 10)
cat(R.version.string, "; psych ", as.character(packageVersion("psych")), "\n", sep = "")

a <- alpha(attitude)
cat("raw alpha", a$total$raw_alpha, "\n")
cat("standardised alpha", a$total$std.alpha, "\n")
cat("feldt", unlist(a$feldt)[c("lower.ci.raw_alpha", "upper.ci.raw_alpha")], "\n")
cat("item-rest", a$item.stats$r.drop, "\n")

# psych::fa stops early by default, which shows in the fifth digit.
one_factor <- function(fm) {
  fit <- fa(attitude, nfactors = 1, fm = fm, SMC = FALSE, warnings = FALSE)
  as.vector(fit$loadings)
}
omega_of <- function(loadings, sds = rep(1, length(loadings))) {
  common <- sum(loadings * sds)^2
  common / (common + sum((1 - loadings^2) * sds^2))
}
sds <- apply(attitude, 2, sd)
for (fm in c("minres", "ml")) {
  loadings <- one_factor(fm)
  cat(fm, "loadings", loadings, "\n")
  cat(fm, "omega of standardised items", omega_of(loadings), "\n")
  cat(fm, "omega of raw sums", omega_of(loadings, sds), "\n")
}

# The same least squares without psych: minimise the squared off-diagonal residuals with R's own optimiser.
r <- cor(attitude)
loss <- function(l) { e <- r - outer(l, l); sum(e[lower.tri(e)]^2) }
slope <- function(l) { e <- r - outer(l, l); diag(e) <- 0; -2 * as.vector(e %*% l) }
found <- optim(rep(0.6, 7), loss, slope, method = "BFGS", control = list(reltol = 1e-16, maxit = 10000))
cat("optim loadings", found$par, "\n")
cat("optim omega of standardised items", omega_of(found$par), "\n")
cat("optim omega of raw sums", omega_of(found$par, sds), "\n")
