// What the debug-information tests look at of Rust: enums with data, slices, text, references, generics, closures.
#![no_std]
#![no_main]

pub mod geometry {
    #[derive(Clone, Copy)]
    pub struct Point {
        pub x: i32,
        pub y: i16,
    }

    pub struct Pair<T>(pub T, pub u8);

    #[derive(Clone, Copy, PartialEq)]
    pub enum Colour {
        Red,
        Green = 7,
        Blue,
    }

    pub struct Unit;

    pub trait Area {
        fn area(&self) -> i32;
    }

    impl Area for Point {
        #[inline(never)]
        fn area(&self) -> i32 {
            let wide = self.x * self.y as i32;
            wide + 1
        }
    }

    impl Point {
        #[inline(never)]
        pub fn moved(self, by: i32) -> Point {
            let next = self.x + by;
            Point { x: next, y: self.y }
        }
    }
}

use geometry::{Area, Colour, Pair, Point, Unit};

#[derive(Clone, Copy)]
pub enum Shape<'a> {
    Dot,
    Circle(i32),
    Segment { from: Point, to: Point },
    Named(&'a str, char),
}

pub union Word {
    whole: u32,
    halves: [u16; 2],
}

#[no_mangle]
pub static mut SINK: i32 = 0;
static GREETING: &str = "hello \"you\"";
pub static TABLE: [u16; 4] = [10, 20, 30, 40];
static mut STEPS: u64 = 1 << 40;

// No array of them, and none in registers: gdb 13 dies of printing either.
static CIRCLE: Shape = Shape::Circle(5);
static SEGMENT: Shape = Shape::Segment { from: Point { x: 1, y: 2 }, to: Point { x: -3, y: 4 } };
static NAMED: Shape = Shape::Named("one\n", 'Z');
static DOT: Shape = Shape::Dot;
static ALL: [&Shape; 4] = [&CIRCLE, &SEGMENT, &NAMED, &DOT];

#[no_mangle]
#[inline(never)]
pub extern "C" fn measure(shape: Shape, scale: i32, exact: f64) -> i32 {
    let value = match shape {
        Shape::Dot => 0,
        Shape::Circle(radius) => radius * scale,
        Shape::Segment { from, to } => {
            let across = to.x - from.x;
            across * scale + to.y as i32
        }
        Shape::Named(name, initial) => name.len() as i32 + initial as i32,
    };
    unsafe { SINK += value + exact as i32 };
    value
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn total(numbers: &[i16], chosen: Option<&Point>, missing: Option<&Point>) -> i32 {
    let mut sum = 0i64;
    for index in 0..numbers.len() {
        let number = numbers[index];
        sum += number as i64;
        unsafe { SINK += 1 };
    }
    let found = chosen.is_some() && missing.is_none();
    if let Some(point) = chosen {
        sum += point.x as i64;
    }
    if found {
        sum as i32
    } else {
        -1
    }
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn largest(left: &mut Pair<i32>, right: &Pair<i32>) -> i32 {
    let winner = if left.0 > right.0 { &*left } else { right };
    let value = winner.0;
    left.1 = left.1.wrapping_add(1);
    value
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn factorial(n: u32) -> u32 {
    if n < 2 {
        return 1;
    }
    let rest = factorial(n - 1);
    n * rest
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn done() {
    unsafe { SINK += 1 };
}

#[no_mangle]
#[inline(never)]
pub extern "C" fn decide(colour: Colour) -> i32 {
    let maybe: Option<u8> = if colour == Colour::Blue { Some(9) } else { None };
    let outcome: Result<i32, Colour> = if maybe.is_none() { Ok(1) } else { Err(Colour::Green) };
    let nothing: Option<&Point> = None;
    outcome.is_ok() as i32 + nothing.is_some() as i32
}

#[inline(always)]
fn clamp(value: i32, low: i32, high: i32) -> i32 {
    let raised = if value < low { low } else { value };
    if raised > high {
        high
    } else {
        raised
    }
}

#[no_mangle]
pub extern "C" fn start_c() -> ! {
    unsafe { core::arch::asm!("fninit") };
    let here = Point { x: 3, y: -4 };
    let there = here.moved(10);
    let colour = if there.x > 5 { Colour::Blue } else { Colour::Red };
    let points = [here, there, there];
    let mut left = Pair(40, 250);
    let right = Pair(-2, 1);
    let tuple = (1u8, -2i64, true);
    let word = Word { whole: 0x1234_5678 };
    let area: &dyn Area = &there;
    let unit = Unit;
    let pointer: *const Point = &here;
    let function: extern "C" fn(u32) -> u32 = factorial;
    let add = |n: i32| n + here.x + tuple.0 as i32;
    let numbers = [5i16, -6, 7];
    let mut sum = 0;
    for shape in ALL.iter() {
        sum += measure(**shape, 2, 1.5);
    }
    sum += decide(colour);
    sum += total(&numbers, Some(&here), None);
    sum += largest(&mut left, &right);
    sum += add(area.area()) + points[1].x;
    sum += clamp(sum, -3, 100);
    sum += function(4) as i32;
    unsafe {
        SINK += sum + word.halves[0] as i32 + (*pointer).x + TABLE[1] as i32 + STEPS as i32 + GREETING.len() as i32;
        SINK += core::mem::size_of_val(&unit) as i32;
    }
    loop {
        done();
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
