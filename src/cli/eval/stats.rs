//! The statistics. Each takes a weight for every value: how often the value counts. A bootstrap's round is then the
//! same values with other weights, and nothing has to be sorted again.

/// Which values are alike, and their order.
#[derive(Debug)]
pub struct Classes {
    /// The class of each value; a higher class has a higher value.
    of: Vec<usize>,
    count: usize,
}

impl Classes {
    pub fn new(values: &[f64]) -> Self {
        // Adding 0.0 makes the two zeros one.
        let mut order: Vec<(usize, f64)> = values.iter().map(|value| value + 0.0).enumerate().collect();
        order.sort_by(|a, b| a.1.total_cmp(&b.1));
        let mut of = vec![0; values.len()];
        let (mut count, mut last) = (0, None);
        for (place, value) in order {
            if last != Some(value) {
                count += 1;
                last = Some(value);
            }
            if let Some(class) = of.get_mut(place) {
                *class = count - 1;
            }
        }
        Self { of, count }
    }

    /// A sum for each class.
    fn sums(&self, values: impl Iterator<Item = f64>) -> Vec<f64> {
        let mut sums = vec![0.0; self.count];
        for (class, value) in self.of.iter().zip(values) {
            if let Some(sum) = sums.get_mut(*class) {
                *sum += value;
            }
        }
        sums
    }

    /// How far each class's rank is from the mean rank (those that are alike share the mean of their ranks), and the
    /// sum of the squares.
    fn deviations(&self, weights: &[f64]) -> (Vec<f64>, f64) {
        let counts = self.sums(weights.iter().copied());
        let middle = (counts.iter().sum::<f64>() + 1.0) / 2.0;
        let (mut before, mut squares) = (0.0, 0.0);
        let deviation = |count: &f64| {
            let deviation = before + (count + 1.0) / 2.0 - middle;
            before += count;
            squares += count * deviation * deviation;
            deviation
        };
        let deviations = counts.iter().map(deviation).collect();
        (deviations, squares)
    }
}

/// Spearman's rank correlation; none where one side is all alike.
pub fn spearman(x: &Classes, y: &Classes, weights: &[f64]) -> Option<f64> {
    let (dx, xx) = x.deviations(weights);
    let (dy, yy) = y.deviations(weights);
    let pairs = x.of.iter().zip(&y.of).zip(weights);
    let xy: f64 = pairs.filter_map(|((a, b), weight)| Some(dx.get(*a)? * dy.get(*b)? * weight)).sum();
    (xx > 0.0 && yy > 0.0).then(|| xy / (xx * yy).sqrt())
}

/// The mean share of the gap between two models that is recovered, over all shares of the prompts, highest scores
/// first, that the strong one gets. `gains` is how much better the strong one is at each. Those of the same score
/// share what they gain. None where the strong one is no better on the whole.
pub fn apgr(score: &Classes, gains: &[f64], weights: &[f64]) -> Option<f64> {
    let counts = score.sums(weights.iter().copied());
    let gained = score.sums(gains.iter().zip(weights).map(|(gain, weight)| gain * weight));
    let (all, gap) = (counts.iter().sum::<f64>(), gained.iter().sum::<f64>());
    let (mut recovered, mut area) = (0.0, 0.0);
    for (count, gain) in counts.iter().zip(&gained).rev() {
        area += count * (recovered + gain / 2.0);
        recovered += gain;
    }
    (gap > 0.0).then(|| area / (all * gap))
}

/// The mean; none of nothing.
pub fn mean(values: &[f64], weights: &[f64]) -> Option<f64> {
    let sum: f64 = values.iter().zip(weights).map(|(value, weight)| value * weight).sum();
    let all: f64 = weights.iter().sum();
    (all > 0.0).then(|| sum / all)
}

/// Bins of the confidence, of equal width.
const BINS: usize = 10;

/// Expected calibration error: how far the share that is right is from the mean confidence, by bins of the confidence.
/// `right` is 1 or 0.
pub fn calibration_error(confidence: &[f64], right: &[f64], weights: &[f64]) -> Option<f64> {
    let mut over = [0.0; BINS];
    for ((confidence, right), weight) in confidence.iter().zip(right).zip(weights) {
        // 1 belongs to the last bin.
        let bin = ((confidence * BINS as f64) as usize).min(BINS - 1);
        if let Some(over) = over.get_mut(bin) {
            *over += (confidence - right) * weight;
        }
    }
    let all: f64 = weights.iter().sum();
    (all > 0.0).then(|| over.iter().map(|over: &f64| over.abs()).sum::<f64>() / all)
}

/// The value below which a share of `sorted` lies, between two of them where need be.
pub fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let at = share * sorted.len().checked_sub(1)? as f64;
    let (low, high) = (sorted.get(at.floor() as usize)?, sorted.get(at.ceil() as usize)?);
    Some(low + (high - low) * (at - at.floor()))
}
