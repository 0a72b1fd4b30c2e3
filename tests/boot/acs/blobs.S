/* The signed servers that the test starts. */
.macro blob name, file
	.section .rodata
	.balign 4096
1:	.incbin "\file"
2:	.balign 4
	.globl \name
\name:	.long 1b, 2b - 1b
.endm

blob example_image, "build/signed/counter"
blob example_manifest, "build/signed/counter.manifest"
blob phoenix_image, "build/signed/phoenix"
blob phoenix_manifest, "build/signed/phoenix.manifest"
blob sparrow_image, "build/signed/sparrow"
blob sparrow_manifest, "build/signed/sparrow.manifest"
blob loop_a_image, "build/signed/loop_a"
blob loop_a_manifest, "build/signed/loop_a.manifest"
blob loop_b_image, "build/signed/loop_b"
blob loop_b_manifest, "build/signed/loop_b.manifest"
blob flock_image, "build/signed/flock"
blob flock_manifest, "build/signed/flock.manifest"
blob flock2_image, "build/signed/flock2"
blob flock2_manifest, "build/signed/flock2.manifest"
blob prover_image, "build/signed/prover"
blob prover_manifest, "build/signed/prover.manifest"
.section .note.GNU-stack, "", @progbits
