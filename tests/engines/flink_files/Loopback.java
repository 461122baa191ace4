import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.shaded.asm9.org.objectweb.asm.ClassReader;
import org.apache.flink.shaded.asm9.org.objectweb.asm.ClassVisitor;
import org.apache.flink.shaded.asm9.org.objectweb.asm.ClassWriter;
import org.apache.flink.shaded.asm9.org.objectweb.asm.MethodVisitor;
import org.apache.flink.shaded.asm9.org.objectweb.asm.Opcodes;

/**
 * Writes Beam's class that opens servers anew, so that it listens at the address that it is given: as published it takes
 * the port alone, and listens on every interface. Run with the jars as class path and a folder to write to.
 */
public class Loopback {
    private static final String NAME = "org/apache/beam/sdk/fn/server/ServerFactory$InetSocketAddressServerFactory";

    public static void main(String[] arguments) throws Exception {
        String file = NAME + ".class";
        int[] changed = {0};
        ClassWriter writer = new ClassWriter(0);
        try (InputStream published = Loopback.class.getClassLoader().getResourceAsStream(file)) {
            new ClassReader(published).accept(new ClassVisitor(Opcodes.ASM9, writer) {
                @Override
                public MethodVisitor visitMethod(int access, String name, String type, String signature, String[] thrown) {
                    MethodVisitor next = super.visitMethod(access, name, type, signature, thrown);
                    return name.equals("createServer") ? new AtAddress(next, changed) : next;
                }
            }, 0);
        }
        if (changed[0] != 2) {
            throw new IllegalStateException(NAME + " is not the class that this knows");
        }
        Path target = Path.of(arguments[0], file);
        Files.createDirectories(target.getParent());
        Files.write(target, writer.toByteArray());
    }

    /** Makes `forPort(address.getPort())` to `forAddress(address)`. */
    private static class AtAddress extends MethodVisitor {
        private final int[] changed;

        AtAddress(MethodVisitor next, int[] changed) {
            super(Opcodes.ASM9, next);
            this.changed = changed;
        }

        @Override
        public void visitMethodInsn(int code, String owner, String name, String type, boolean isInterface) {
            if (owner.equals("java/net/InetSocketAddress") && name.equals("getPort")) {
                changed[0]++;
                return;
            }
            if (name.equals("forPort") && type.startsWith("(I)")) {
                changed[0]++;
                name = "forAddress";
                type = type.replace("(I)", "(Ljava/net/SocketAddress;)");
            }
            super.visitMethodInsn(code, owner, name, type, isInterface);
        }
    }
}
