//! How much telemetry one client may send: a token bucket for each.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Requests a client may send at once.
const BURST: f64 = 120.0;
/// Requests a client may send per second in the long run.
const PER_SECOND: f64 = 20.0;
/// Clients that are remembered; beyond that, those that have sent nothing for longest are forgotten first.
const MAX_CLIENTS: usize = 10_000;

/// Token buckets by client, in bounded memory.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<HashMap<IpAddr, Bucket>>);

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    filled_at: Instant,
}

impl Throttle {
    /// Takes one request of a client at this time.
    ///
    /// # Errors
    /// How long the client has to wait when it has sent too many.
    pub(crate) fn take(&self, client: IpAddr, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let client = network_of(client);
        if buckets.len() >= MAX_CLIENTS && !buckets.contains_key(&client) {
            make_room(&mut buckets);
        }
        let bucket = buckets.entry(client).or_insert(Bucket {
            tokens: BURST,
            filled_at: now,
        });
        let elapsed_s = now
            .saturating_duration_since(bucket.filled_at)
            .as_secs_f64();
        bucket.tokens = (bucket.tokens + elapsed_s * PER_SECOND).min(BURST);
        bucket.filled_at = now;
        if bucket.tokens < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - bucket.tokens) / PER_SECOND));
        }
        bucket.tokens -= 1.0;
        Ok(())
    }
}

/// One subscriber has 2^64 addresses of IPv6, so its network counts.
fn network_of(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

/// Forgets the older half.
fn make_room(buckets: &mut HashMap<IpAddr, Bucket>) {
    let mut times: Vec<Instant> = buckets.values().map(|bucket| bucket.filled_at).collect();
    let middle = times.len() / 2;
    let (_, median, _) = times.select_nth_unstable(middle);
    let median = *median;
    buckets.retain(|_, bucket| bucket.filled_at > median);
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn client(number: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(number))
    }

    #[test]
    fn a_burst_is_taken_then_one_request_for_each_token_that_drips_in() {
        let throttle = Throttle::default();
        let start = Instant::now();
        for _ in 0..BURST as usize {
            assert_eq!(throttle.take(client(1), start), Ok(()));
        }
        let wait = throttle
            .take(client(1), start)
            .expect_err("the bucket is empty");
        assert_eq!(wait, Duration::from_millis(50));
        assert_eq!(
            throttle.take(client(2), start),
            Ok(()),
            "another client is not affected"
        );
        assert_eq!(throttle.take(client(1), start + wait), Ok(()));
        assert!(throttle.take(client(1), start + wait).is_err());
    }

    #[test]
    fn addresses_of_one_ipv6_network_share_a_bucket() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for number in 0..BURST as u16 {
            let address = format!("2001:db8:0:1::{number:x}").parse().unwrap();
            assert_eq!(throttle.take(address, now), Ok(()));
        }
        assert!(
            throttle
                .take("2001:db8:0:1:ffff::".parse().unwrap(), now)
                .is_err()
        );
        assert!(
            throttle
                .take("2001:db8:0:2::".parse().unwrap(), now)
                .is_ok()
        );
    }

    #[test]
    fn memory_is_bounded_whatever_the_number_of_clients() {
        let throttle = Throttle::default();
        let start = Instant::now();
        for number in 0..3 * MAX_CLIENTS as u32 {
            let now = start + Duration::from_micros(number.into());
            assert_eq!(throttle.take(client(number), now), Ok(()));
        }
        assert!(throttle.0.lock().unwrap().len() <= MAX_CLIENTS);
    }

    #[test]
    fn clients_that_all_came_at_the_same_instant_still_make_room() {
        let throttle = Throttle::default();
        let now = Instant::now();
        for number in 0..3 * MAX_CLIENTS as u32 {
            assert_eq!(throttle.take(client(number), now), Ok(()));
        }
        assert!(throttle.0.lock().unwrap().len() <= MAX_CLIENTS);
    }
}
