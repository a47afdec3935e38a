; SPDX-License-Identifier: MIT OR Apache-2.0
; What the tests ask of GIMP, in the words of GIMP 3's Script-Fu; scripts-2.scm has the same for 2.10, scripts.scm the rest.
(define (t-list v) (vector->list v))
(define (t-load path) (car (gimp-file-load RUN-NONINTERACTIVE path)))
(define (t-layers image) (t-list (car (gimp-image-get-layers image))))
(define (t-active image) (vector-ref (car (gimp-image-get-selected-layers image)) 0))
(define (t-activate image layer) (gimp-image-set-selected-layers image (vector layer)))
(define (t-layer image name w h type) (car (gimp-layer-new image name w h type 100 LAYER-MODE-NORMAL)))
(define (t-width d) (car (gimp-drawable-get-width d)))
(define (t-height d) (car (gimp-drawable-get-height d)))
(define (t-base image) (car (gimp-image-get-base-type image)))
(define (t-offsets d) (gimp-drawable-get-offsets d))
(define (t-images) (t-list (car (gimp-get-images))))
(define (t-save-image image path) (gimp-file-save RUN-NONINTERACTIVE image path))
(define (t-scumble image layer prompt negative strength steps guidance seed model sampler)
  (car (plug-in-scumble #:run-mode RUN-NONINTERACTIVE #:image image #:drawables (vector layer) #:prompt prompt
    #:negative negative #:strength strength #:steps steps #:guidance guidance #:seed seed #:model model
    #:sampler sampler)))
(define (t-steered image layer model control lora region reference)
  (car (plug-in-scumble #:run-mode RUN-NONINTERACTIVE #:image image #:drawables (vector layer) #:prompt "a lake"
    #:strength 0.5 #:steps 4 #:guidance 1 #:seed 7 #:model model #:control control #:lora lora #:region region
    #:reference reference)))
(define (t-kept-to image layer model keeps)
  (car (plug-in-scumble #:run-mode RUN-NONINTERACTIVE #:image image #:drawables (vector layer) #:prompt "make it winter"
    #:strength 1 #:steps 4 #:guidance 4 #:seed 7 #:model model #:paint-guidance keeps)))
(define (t-scumble-live image layer)
  (plug-in-scumble-live #:run-mode RUN-NONINTERACTIVE #:image image #:drawables (vector layer)))
; Every step-th value of the selection on a layer of that place and size; outside the image 0.
(define (t-selection image ox oy w h step)
  (let loop ((x 0) (y 0) (found '()))
    (cond ((>= y h) (reverse found))
          ((>= x w) (loop 0 (+ y step) found))
          (else (let ((u (+ x ox)) (v (+ y oy)))
            (loop (+ x step) y
              (cons (if (and (>= u 0) (>= v 0) (< u (car (gimp-image-get-width image))) (< v (car (gimp-image-get-height image))))
                        (car (gimp-selection-value image u v)) 0) found)))))))
(define (t-group image layer)
  (let ((group (car (gimp-group-layer-new image "group"))))
    (gimp-image-insert-layer image group 0 0)
    (gimp-image-reorder-item image layer group 0)
    group))
; A layer mask whose upper half hides.
(define (t-mask image layer)
  (let ((mask (car (gimp-layer-create-mask layer ADD-MASK-WHITE))))
    (gimp-layer-add-mask layer mask)
    (gimp-image-select-rectangle image CHANNEL-OP-REPLACE 0 0 (car (gimp-image-get-width image)) (/ (car (gimp-image-get-height image)) 2))
    (gimp-context-set-background (t-rgb 0 0 0))
    (gimp-drawable-edit-fill mask FILL-BACKGROUND)
    (gimp-selection-none image)
    mask))
(define (t-channel image)
  (let ((channel (car (gimp-channel-new image "c" 20 20 50 (t-rgb 255 0 0)))))
    (gimp-image-insert-channel image channel 0 0)
    channel))
(define (t-children group) (t-list (car (gimp-item-get-children group))))
(define (t-valid item) (if (car (gimp-item-id-is-valid item)) 1 0 item))
(define (t-choose-channel image channel) (gimp-image-set-selected-channels image (vector channel)))
(define (t-chosen image) (vector-ref (car (gimp-image-get-selected-drawables image)) 0))
(define (t-profile image path) (gimp-image-set-color-profile-from-file image path))
; An image as it is shown, in the colour space of a profile.
(define (t-to-profile image path)
  (gimp-image-convert-color-profile-from-file image path
    1 FALSE)) ; relative colorimetric
; An empty layer of the image's size there, which becomes the active one.
(define (t-empty image name at)
  (let ((layer (t-layer image name (car (gimp-image-get-width image)) (car (gimp-image-get-height image)) RGBA-IMAGE)))
    (gimp-image-insert-layer image layer 0 at)
    (gimp-drawable-fill layer FILL-TRANSPARENT)
    (gimp-displays-flush)
    layer))
(define (t-parasites image) (car (gimp-image-get-parasite-list image)))
; A copy of a layer, as Duplicate Layer makes it, at the top.
(define (t-copy image layer)
  (let ((copy (car (gimp-layer-copy layer))))
    (gimp-image-insert-layer image copy 0 0)
    (gimp-displays-flush)
    copy))
; A filter that stays on a layer and reaches beyond its edge.
(define (t-shadow layer x y)
  (gimp-drawable-append-new-filter layer "gegl:dropshadow" "shadow" LAYER-MODE-REPLACE 1.0
    "x" x "y" y "radius" 0.0 "opacity" 1.0))
