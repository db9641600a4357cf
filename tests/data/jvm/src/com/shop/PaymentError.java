package com.shop;

public class PaymentError extends RuntimeException {
    public PaymentError(String message) {
        super(message);
    }
}
