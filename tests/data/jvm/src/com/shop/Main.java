package com.shop;

public class Main {
    public static void main(String[] args) {
        Checkout checkout = new Checkout();
        for (String it : args) {
            checkout.add(Long.parseLong(it));
        }
        try {
            checkout.pay("4242");
        } catch (RuntimeException error) {
            error.printStackTrace();
        }
    }
}
