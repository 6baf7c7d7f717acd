use super::text::grouped;
use super::*;

#[test]
fn quantities_have_three_digits_and_their_unit() {
    for (value, expected) in [
        (0.0, "0"),
        (0.012_345, "0.0123"),
        (1.0, "1"),
        (99.96, "100"),
        (1_234.0, "1230"),
        (1e-5, "0.00001"),
    ] {
        assert_eq!(number(value), expected);
    }
    assert_eq!(duration(0.080_04), "80ms");
    assert_eq!(duration(0.000_4), "400us");
    assert_eq!(duration(0.000_999_6), "1ms");
    assert_eq!(duration(90.0), "90s");
    assert_eq!(size(999.0), "999B");
    assert_eq!(size(21_345.0), "21.3kB");
    assert_eq!(grouped(19_998), "19,998");
    assert_eq!([0.44, 5.0, 51.0].map(next_round), [0.5, 5.0, 100.0]);
    // Twice the standard deviation of ln x above its mean holds 95 %: x = 80 ms, cv 1.
    assert!((p95((0.08, 1.0)) - 0.222_6).abs() < 1e-3);
}

#[test]
fn names_of_classes_are_valid_and_differ() {
    let mut taken: Vec<String> = TAKEN.map(String::from).to_vec();
    let mut name = |of: &Covers| unique(&base_name(of), &mut taken);
    for (path, expected) in [
        ("/", "home"),
        ("/app", "app-2"),
        ("/Shop/Cart.php", "shop-cart-php"),
        ("/shop/cart.php", "shop-cart-php-2"),
        ("/item/{number}", "item-number"),
        ("/é/x-view", "x-view-page"),
        ("/a/very/long/path/that/never/seems/to/end", "a-very-long-path-that-ne"),
    ] {
        assert_eq!(name(&Covers::Pattern(path.into())), expected, "{path}");
    }
}
